"""Print on paper: fonts, text, QR codes, labels and lists as PDF or ZPL. Knows nothing of dispatch."""
