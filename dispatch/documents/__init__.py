"""Making documents: record, page, token, seal, file, validity."""
