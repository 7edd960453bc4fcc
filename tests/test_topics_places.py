"""Where the concepts of the gazetteer lie."""

from __future__ import annotations

import time

import pytest

from feeds.topics import gazetteer
from feeds.topics.gazetteer import Concept, places, shipped

# Rough boxes: south, north, west, east.
COUNTRIES = """
AO -18.1 -4.3 11.6 24.1    BF 9.3 15.2 -5.6 2.5      BI -4.5 -2.3 28.9 30.9     BJ 6.1 12.5 0.7 3.9
BW -27.0 -17.7 19.9 29.4   CD -13.5 5.4 12.1 31.4    CF 2.2 11.1 14.4 27.5      CG -5.1 3.8 11.1 18.7
CI 4.3 10.8 -8.7 -2.4      CM 1.6 13.1 8.4 16.3      CV 14.7 17.3 -25.4 -22.6   DJ 10.9 12.8 41.7 43.5
DZ 18.9 37.2 -8.7 12.0     EG 21.9 31.7 24.6 37.0    EH 20.7 27.7 -17.2 -8.6    ER 12.3 18.1 36.4 43.2
ET 3.3 15.0 32.9 48.1      GA -4.0 2.4 8.6 14.6      GH 4.7 11.2 -3.3 1.3       GM 13.0 13.9 -16.9 -13.7
GN 7.1 12.7 -15.2 -7.6     GQ 0.9 3.9 8.4 11.4       GW 10.8 12.7 -16.8 -13.6   KE -4.8 5.1 33.9 42.0
KM -12.5 -11.3 43.2 44.6   LR 4.3 8.6 -11.6 -7.3     LS -30.7 -28.5 27.0 29.5   LY 19.4 33.2 9.3 25.2
MA 27.6 36.0 -13.2 -0.9    MG -25.7 -11.9 43.1 50.6  ML 10.1 25.1 -12.3 4.3     MR 14.7 27.4 -17.2 -4.8
MU -20.6 -19.9 57.2 57.9   MW -17.2 -9.3 32.6 36.0   MZ -27.0 -10.4 30.2 41.0   NA -29.0 -16.9 11.7 25.3
NE 11.6 23.6 0.1 16.1      NG 4.2 14.0 2.6 14.7      RU 41.1 82.0 19.6 180.0    RW -2.9 -1.0 28.8 30.9
SC -9.8 -4.2 46.2 56.4     SD 8.6 22.3 21.8 38.7     SL 6.8 10.1 -13.4 -10.2    SN 12.2 16.8 -17.6 -11.3
SO -1.7 12.1 40.9 51.5     SS 3.4 12.3 24.1 36.0     ST -0.1 1.8 6.4 7.5        SZ -27.4 -25.7 30.7 32.2
TD 7.4 23.5 13.4 24.1      TG 6.0 11.2 -0.2 1.9      TN 30.2 37.6 7.5 11.7      TZ -11.8 -0.9 29.3 40.5
UG -1.5 4.3 29.5 35.1      ZA -34.9 -22.1 16.4 33.0  ZM -18.1 -8.2 21.9 33.8    ZW -22.5 -15.6 25.2 33.1
"""
_WORDS = COUNTRIES.split()
BOXES = {_WORDS[at]: tuple(map(float, _WORDS[at + 1 : at + 5])) for at in range(0, len(_WORDS), 5)}


def country(concept: Concept) -> str | None:
    return concept.country or next(filter(None, (country(shipped()[parent]) for parent in concept.parents)), None)


@pytest.mark.parametrize("name", places())
def test_place_is_in_its_country(name: str) -> None:
    of = country(shipped()[name])
    assert of is not None
    south, north, west, east = BOXES[of]
    place = places()[name]
    assert south <= place.latitude <= north
    assert west <= place.longitude <= east


def test_places_are_those_of_the_gazetteer() -> None:
    found = {name: (*concept.at, bool(concept.country)) for name, concept in shipped().items() if concept.at}
    assert {name: tuple(place) for name, place in places().items()} == found


def test_every_country_of_africa_and_russia_has_a_place() -> None:
    african = {concept.country for concept in shipped().values() if concept.country in BOXES}
    assert {shipped()[name].country for name, place in places().items() if place.is_country} == african == set(BOXES)


def test_places_are_read_in_a_few_milliseconds() -> None:
    started = time.process_time()
    places.__wrapped__()
    assert time.process_time() - started < 0.03
    assert gazetteer.places() is gazetteer.places()
