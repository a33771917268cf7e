"""What the commands of `halfterm` do; `app.cli` only names them and their options."""
