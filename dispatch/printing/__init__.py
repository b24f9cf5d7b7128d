"""Paper: batches with one number and one order, what came out, labels to their printer, blank forms."""
