"""What runs later, in the background of a serving process."""
