"""What talks to the outside. Each module implements one port; nobody but ``dispatch.bootstrap`` imports them."""
