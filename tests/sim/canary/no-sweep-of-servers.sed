# file: src/control/intake.c
# Servers that a new list does not have any more are kept.
# seeds: 300
s/^		servers_sweep(m, g, scope);$//
