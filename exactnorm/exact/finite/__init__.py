"""The loop on finite samples and with weight decay."""
