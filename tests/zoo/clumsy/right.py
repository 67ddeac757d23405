# Everything is right.
# others: right
# earns: all
