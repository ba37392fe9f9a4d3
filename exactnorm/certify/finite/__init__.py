"""Evidence on finite samples and on weight decay."""
