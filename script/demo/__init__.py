"""The Python behind `script/run`."""
