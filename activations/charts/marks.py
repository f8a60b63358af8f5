"""How one series is told from the others: a tone and a texture, or a stroke and a point, so never by colour alone."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.safestring import SafeString

from activations.charts.svg import element

SIZE = 3.0


@dataclass(frozen=True, slots=True)
class Mark:
    """`tone` is a class of the style sheet. `texture` is one of those in templates/activations/charts/marks.html:
    stripes, hatch or dots; "" fills plainly. A line is dashed where it has a texture, and has square points then.
    `joined`: its points are joined by a line."""

    tone: str
    texture: str = ""
    joined: bool = True

    def area(self, x: float, y: float, width: float, height: float) -> SafeString:
        """A filled rectangle."""
        place = {"x": x, "y": y, "width": width, "height": height}
        if self.texture:
            return element("rect", **place, class_="area", fill=f"url(#mark-{self.tone}-{self.texture})")
        return element("rect", **place, class_=f"area plain {self.tone}")

    def line(self, points: list[tuple[float, float]]) -> SafeString:
        """A line through the points."""
        dashes = {"stroke_dasharray": "5 4"} if self.texture else {}
        through = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        return element("polyline", points=through, class_=f"line {self.tone}", **dashes)

    def point(self, x: float, y: float) -> SafeString:
        if self.texture:
            return element(
                "rect", x=x - SIZE, y=y - SIZE, width=2 * SIZE, height=2 * SIZE, class_=f"point {self.tone}"
            )
        return element("circle", cx=x, cy=y, r=SIZE, class_=f"point {self.tone}")

    def beyond(self, x: float, y: float) -> SafeString:
        """A point that lies above the drawing: an arrow at its upper edge."""
        tip = f"{x - 5:.1f},{y + 8:.1f} {x:.1f},{y:.1f} {x + 5:.1f},{y + 8:.1f}"
        return element("polygon", points=tip, class_=f"point {self.tone}")
