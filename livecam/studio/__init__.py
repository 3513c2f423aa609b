"""What the buttons of the page do to a run."""
