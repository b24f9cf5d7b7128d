"""The command line, one module per noun. Each command reads its words, calls one rule, and says what came of it."""
