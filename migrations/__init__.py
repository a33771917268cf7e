"""Schema migrations, run by the owner role."""
