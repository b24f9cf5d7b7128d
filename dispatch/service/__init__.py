"""Service of documents (送达): kept apart from delivery, each with its method, evidence and date."""
