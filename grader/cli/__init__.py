"""The commands: one file each; parse options, call one function, render."""
