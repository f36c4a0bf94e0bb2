"""From a skill's answer to the parts of a response."""

from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

from .channels import directive_part
from .engines import Synthesizer
from .messages import Directive
from .multipart_out import Pause, SoundPart, Step
from .settings import Settings
from .skills.base import Answer, Question

# Between two speeches of one answer, in milliseconds.
PAUSE_BETWEEN = 500


def speak(
    synthesizer: Synthesizer, text: str, lang: str, dialog_id: str | None, pause: int = 0
) -> list[Step]:
    """Return a Speak and the sound it names (CIC SpeechSynthesizer.Speak); `pause` in ms."""
    content_id = str(uuid4())
    directive = Directive(
        namespace="SpeechSynthesizer",
        name="Speak",
        dialog_id=dialog_id,
        payload={
            "format": "AUDIO_MPEG",
            "token": str(uuid4()),
            "ttsLang": lang,
            "url": f"cid:{content_id}",
            "x-clova-pause-before": pause,
        },
    )
    sound = SoundPart(content_id=content_id, chunks=synthesizer.synthesize(text, lang))
    return [directive_part(directive), sound]


def answer_steps(
    answer: Answer,
    dialog_id: str | None,
    synthesizer: Synthesizer,
    settings: Settings,
    ask: Callable[[Question], str],
) -> list[Step]:
    """Return the parts of an answer: sound, text, what is ordered, what is asked back."""
    steps: list[Step] = [Pause(seconds=settings.speak_delay)]
    if answer.phrase is not None:
        steps += speak(synthesizer, answer.phrase.to_speak, answer.lang, dialog_id)
        for phrase in answer.more:
            steps += speak(synthesizer, phrase.to_speak, answer.lang, dialog_id, PAUSE_BETWEEN)
        text = Directive(
            namespace="Clova",
            name="RenderText",
            dialog_id=dialog_id,
            payload={"text": answer.text},
        )
        steps += [Pause(seconds=settings.render_text_delay), directive_part(text)]
    steps += [directive_part(replace(order, dialog_id=dialog_id)) for order in answer.orders]
    if answer.question is not None:
        expect = Directive(
            namespace="SpeechRecognizer",
            name="ExpectSpeech",
            dialog_id=dialog_id,
            payload={
                "expectSpeechId": ask(answer.question),
                "explicit": True,
                "timeoutInMilliseconds": answer.question.timeout_ms,
            },
        )
        steps.append(directive_part(expect))
    return steps
