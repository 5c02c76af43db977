"""What wakes someone, what it says, and where it can be seen.

Alarms are data (`alarm`, and one module for each family of them); the components make them, their
topic, composite alarms and dashboard in each Region. `canary` is each Region's view of the others.

Two kinds of words: an *alarm* watches one signal; a *page* is a composite alarm, and pages alone
go to whoever is woken. All of them are sent to the Region's topic, where anybody may read along.
"""
