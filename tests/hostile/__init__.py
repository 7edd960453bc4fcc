"""What sources, clients and machines do to hurt, the whole way through the program.

For sources a module for each class holds its cases; `judge` runs the program beside honest sources and says what is
wrong, `driver` is the program with a fixed clock (and, for negative controls, with a guard off), `guards` names the guards.
"""
