# ruff: noqa: T201 - printing is its purpose
"""Measures recognition on synthetic speech: `python -m tests.cic_server.evaluate [seed] [voice ...]`.

Not a test: it prints how many sentences are exact, how many are refused, and how much unrelated
talk is taken for a sentence, with the margins the thresholds in engines/decoding.py are set by.
"""

from collections.abc import Iterator
import json
import random
import sys
import time

from cic_server.engines.decoding import Utterance, Verdict
from cic_server.engines.frames import Kind
from cic_server.engines.pocketsphinx_worker import Ear, Hearing
from cic_server.skills.clock import CITIES
from cic_server.skills.echo import WORDS
from cic_server.skills.numbers import english
from tests.cic_server.speech import BYTES_PER_SECOND, speech

SIMPLE = """what time is it|what is the time|tell me the time|what day is it|what is the date
what is today's date|what is the date tomorrow|what day is it today|tell me the date|order a pizza
order pizza|i would like to order a pizza|hello|hello there|good morning|good evening|thank you
thank you very much|what can you do|help me"""
MUSIC = """play music|play some music|play jazz|play some jazz music|play piano music|play some piano music
play the bells|play bells|play the concert|play the podcast|play the radio|play ocean sounds|next|next song|next track
skip|skip this song|previous song|previous track|go back|pause|pause the music|resume|resume the music
continue|continue the music|keep playing|stop|stop the music|stop playing|repeat this song|repeat this track
stop repeating|sound on|sound off|mute the music|i like this song|like this song|what is playing
what song is this|tell me the news|read the news|what is the news"""
HOME = """turn on the kitchen light|turn off the kitchen light|turn on the bedroom lamp
turn off the lights in the bedroom|turn on the living room lights|switch off the office fan
switch on the garage light|turn off the bathroom fan|turn on the hallway lights
dim the living room lights|brighten the kitchen lights|set the kitchen light to fifty percent
set the bedroom lamp to twenty percent|dim the office light to thirty percent
set living room lights to one hundred percent|set the bathroom light to five percent
turn the hallway light off|turn the desk lamp on|turn off everything in the kitchen
turn off all the lights|turn on the coffee machine|open the garage door|close the bedroom blinds
open the curtains|lock the front door|turn off the television|turn on the heater in the bathroom
turn off the living room television|set the office lamp to seventy five percent
set the brightness of the kitchen light to forty percent|turn on the porch light
turn off the ceiling fan|turn on the bedroom ceiling light"""
ALERTS = """set an alarm for seven|set an alarm for seven thirty|set an alarm for twelve fifteen
set an alarm for ten forty five|wake me at six|wake me up at eight thirty|wake me every day at seven
set a timer for five minutes|set a timer for ten seconds|set a timer for one minute
set a timer for half an hour|set a timer for twenty five minutes|set a timer for ninety seconds
remind me in ten minutes about chocolate|remind me in one hour about umbrella
in five minutes play music|in ten seconds stop the music|in one hour tell me the news
what alarms are set|what timers are set|what reminders are set|cancel the alarm|cancel all the alarms
cancel the timer|cancel the reminder|stop the alarm|stop the timer"""
DEVICE = """turn the volume up|turn the volume down|set the volume to seven|connect bluetooth
disconnect bluetooth|turn on bluetooth|turn off airplane mode|turn on the flashlight
open the quiz|close the quiz"""
UNRELATED = """the committee will publish its report next thursday|nobody knows why the meeting was cancelled
i think we should leave before it starts raining|my sister bought a new car last week
the train to the airport was twenty minutes late|she left her keys on the table again
the game ended in a draw after extra time|could you pass me the salt please
they are building a bridge across the valley|he studied physics at the university
we had soup and bread for lunch|the price of oil went up again this morning
did you read the article about the election|the children are playing outside with the ball
it was the best concert i have ever been to|remember to call your mother on sunday
the doctor said everything looks fine|there is a sale on shoes at the mall
our flight leaves at seven in the evening|the book was better than the movie
a storm is moving in from the west|the mayor opened the new museum yesterday
how do you like your new job|he promised to fix the roof before winter
what do you think about the new neighbors|why did the chicken cross the road
where did you put my glasses|turn left at the second corner|i turned the page and kept reading
what is the meaning of life|the light at the end of the tunnel|tell me a story about a dragon
open your books at page ten|repeat the question please|yes|no|okay|well|one two three four
the weather has been strange this year|my neighbor plays the drums at night
they lost the match in the last minute|please send the documents by friday
she is allergic to peanuts and milk|the company announced a new product today
we need more chairs for the guests|the library closes early on saturday
a black cat crossed the street|my phone battery is almost empty
there were forty people at the party|the museum is free on the first sunday
he works as a nurse in a hospital|i forgot to bring my umbrella
the orange car was parked outside|the coffee was cold when it arrived
the river flooded the village in spring|two plus two is four as everybody knows
it is important to drink enough water|the president gave a long speech
i have never been to that restaurant|the students protested against the new law
you should see a dentist about that|my grandmother makes the best apple pie
they have been married for thirty years|the bus stop is right around the corner
scientists discovered a new kind of fish|the movie starts at eight in the evening
he turned off the road near the lake|close your eyes and count to ten|the alarm went off in the middle of the night
remind him that we are late|in seven minutes the train will arrive"""
REPLIES = """three|one|two pizzas|five please|twelve|i would like four pizzas|never mind|cancel|twenty two"""


def lines(text: str) -> list[str]:
    """Return the sentences of a block."""
    return text.replace("\n", "|").split("|")


def sentences(seed: int) -> Iterator[tuple[str, str]]:
    """Yield (group, sentence), the same in every run with this seed."""
    chance = random.Random(seed)
    yield from (("simple", text) for text in lines(SIMPLE))
    yield from (("city", f"what time is it in {city}") for city in CITIES)
    yield from (("music", text) for text in lines(MUSIC))
    yield from (("home", text) for text in lines(HOME))
    yield from (("alerts", text) for text in lines(ALERTS))
    yield from (("device", text) for text in lines(DEVICE))
    for operation in ("plus", "minus", "times", "divided by"):
        for _ in range(10):
            left, right = english(chance.randint(0, 99)), english(chance.randint(0, 99))
            yield "sums", f"what is {left} {operation} {right}"
    yield from (("one word", f"repeat after me {word}") for word in WORDS)
    for count in (2, 3, 4, 5):
        for _ in range(10):
            yield "words", "repeat after me " + " ".join(chance.sample(WORDS, count))
    yield from (("reply", text) for text in lines(REPLIES))
    yield from (("unrelated", text) for text in lines(UNRELATED))


class Margins(Utterance):
    """An utterance that remembers its margins."""

    last: Verdict

    def finish(self) -> str | None:
        """Finish, and remember."""
        text = super().finish()
        Margins.last = self.verdict()
        return text


def hear(ear: Ear, text: str, voice: str, *, reply: bool) -> tuple[str | None, float]:
    """Return what is recognised, and the seconds it took."""
    pcm = speech(text, voice)
    began = time.process_time()
    hearing = Hearing(ear, "en", expects_reply=reply)
    messages = [*hearing.hear(pcm), *hearing.end()]
    done = next(content for kind, content in messages if kind is Kind.DONE)
    return json.loads(done)["text"], time.process_time() - began


def main() -> None:
    """Print figures for each voice."""
    # The worker's own listening, with margins kept; a module takes any attribute.
    sys.modules["cic_server.engines.pocketsphinx_worker"].Utterance = Margins  # type: ignore[attr-defined]
    ear = Ear()
    seeds = [int(word) for word in sys.argv[1:] if word.isdecimal()]
    voices = [word for word in sys.argv[1:] if not word.isdecimal()]
    for voice in voices or ["slt"]:
        right: dict[str, list[bool]] = {}
        margins: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
        spent = length = 0.0
        for group, text in sentences(seeds[0] if seeds else 5):
            found, seconds = hear(ear, text, voice, reply=group == "reply")
            spent, length = spent + seconds, length + len(speech(text, voice)) / BYTES_PER_SECOND
            wanted = None if group == "unrelated" else text
            right.setdefault(group, []).append(found == wanted)
            guess = Margins.last.text
            words, phones = Margins.last.against_words, Margins.last.against_phones
            if guess:
                margins[group == "unrelated"].append((words, phones))
            if found != wanted:
                print(f"  {voice}: {text} -> {found} ({guess}; {words:.2f} {phones:.2f})")
        good = [ok for group, oks in right.items() if group != "unrelated" for ok in oks]
        print(f"{voice}: exact {sum(good)}/{len(good)} = {sum(good) / len(good):.1%}", end="; ")
        print({group: f"{sum(oks)}/{len(oks)}" for group, oks in right.items()}, end="; ")
        print(f"CPU per second of sound {spent / length:.2f}")
        for unrelated, name in ((False, "lowest of sentences"), (True, "highest of unrelated")):
            for index, judge in enumerate(("words", "phones")):
                values = sorted((m[index] for m in margins[unrelated]), reverse=unrelated)
                print(f"  {judge}, {name}:", [round(value, 2) for value in values[:6]])


if __name__ == "__main__":
    main()
