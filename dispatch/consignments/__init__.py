"""The road: which envelope, which carrier, which number; label, pack check, hand-over, scans, tracking."""
