"""The original module and ours, side by side: each case runs against both, and the transcripts are compared."""
