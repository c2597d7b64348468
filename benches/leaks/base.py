"""What every part of the corpus is made with: a seeded source of choices, and texts that know where their values stand."""

import random

DIGITS = "0123456789"
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LOWER = UPPER.lower()
LETTERS = UPPER + LOWER
WORD = DIGITS + LETTERS
HEX = "0123456789abcdef"
BASE32 = UPPER + "234567"
URLSAFE = WORD + "-_"
BASE64 = WORD + "+/"

# What stands for the value and for its name in a template. No text of the corpus holds them.
VALUE, NAME = "\uE000", "\uE001"


class Draw(random.Random):
    """Choices from a seed: two runs give the same bytes."""

    def text(self, alphabet, length):
        return "".join(self.choices(alphabet, k=length))

    def sure(self, alphabet, length):
        """As `text`, with a digit and letters of both cases for certain, and without long runs."""
        while True:
            made = self.text(alphabet, length)
            if (any(c.isdigit() for c in made) and any(c.isupper() for c in made) and any(c.islower() for c in made)
                    and made[0] in WORD and made[-1] in WORD):
                return made

    def digits(self, length):
        """A number whose first digit is not zero."""
        return self.choice("123456789") + self.text(DIGITS, length - 1)

    def uuid(self):
        h = self.text(HEX, 32)
        return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-{self.choice('89ab')}{h[17:20]}-{h[20:]}"

    def chance(self, part):
        return self.random() < part


class Doc:
    """A text under construction. Places are bytes of its UTF-8."""

    def __init__(self):
        self.parts, self.size, self.labels = [], 0, []

    def add(self, text):
        self.parts.append(text)
        self.size += len(text.encode())

    def value(self, kind, text, part=False):
        """Adds a value that must be found. With `part`, a finding of a piece of it counts too."""
        start = self.size
        self.add(text)
        label = {"type": kind, "start": start, "end": self.size}
        if part:
            label["part"] = True
        self.labels.append(label)

    def decoy(self, kind, text):
        """Adds a value that must not be found."""
        start = self.size
        self.add(text)
        self.labels.append({"type": "decoy", "decoy": kind, "start": start, "end": self.size})

    def fill(self, template, put):
        """Adds a template; `put` adds what stands at each mark."""
        first, *rest = template.split(VALUE)
        self.add(first)
        for text in rest:
            put(self)
            self.add(text)

    def text(self):
        return "".join(self.parts)
