"""A page of HTML as a browser reads it: its tags must be closed in order, and nothing may come from elsewhere."""

from html.parser import HTMLParser

EMPTY = {"meta", "link", "br", "img", "hr", "input"}        # elements that have no end
LINKS = {"href", "src", "srcset", "action", "data", "poster"}


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.open, self.wrong, self.links, self.words, self.tags = [], [], [], [], []
        self.feed(text)
        self.close()
        self.wrong += [f"{tag} is not closed" for tag in self.open]

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.links += [value for key, value in attributes if key in LINKS]
        self.wrong += [f"{key} of {tag}" for key, _ in attributes if key.startswith("on")]
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"{tag} is closed at {self.getpos()}")

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "script"):
            self.words.append(data)

    def text(self):
        return " ".join(" ".join(self.words).split())

    def ids(self):
        return {attributes["id"] for _, attributes in self.tags if "id" in attributes}

    def from_elsewhere(self):
        """Links that leave the page; a picture without octets is none."""
        return [link for link in self.links if link != "data:," and link.removeprefix("#") not in self.ids()]
