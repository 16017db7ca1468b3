"""What a run tells: the diff, remarks in text, and the counts at its end."""
