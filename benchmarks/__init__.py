"""What is measured, and against what: ``python -m benchmarks`` prints each as a ratio."""
