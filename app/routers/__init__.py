"""HTTP in and out, one file per noun. Hot routes come first: the router tries them in order."""
