"""Running submissions: the judge, the student process and the wire between them."""
