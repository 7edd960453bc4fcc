"""What sources may do to us, and what must come of it: a table of cases for each class, judged after a whole refresh.

A module for each class holds its cases; `judge` runs the program beside honest sources and says what is wrong, `driver`
is the program with a fixed clock (and, for negative controls, with a guard off), `guards` names the guards.
"""
