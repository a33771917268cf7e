"""What goes over the wire: strict inputs, and outputs whose every field says who may see it."""
