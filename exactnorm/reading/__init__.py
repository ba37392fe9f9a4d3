"""Points in text: whatever dialect a table of numbers is written in, for the command line and for the explorer."""
