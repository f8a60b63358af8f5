"""Believable names for a retailer and a hotel group; no person and no real company is meant."""

COMPANIES = ("Larkmoor Outfitters", "Seven Bays Hotels")

RETAIL = (
    "Basket left behind",
    "Bought twice this quarter",
    "Lapsed 90 days",
    "Loyalty gold",
    "Loyalty silver",
    "First order last week",
    "Wish list, price dropped",
    "Returns more than keeps",
    "Store visitors, no account",
    "Newsletter openers",
    "High basket value",
    "Click and collect",
    "Gift card holders",
    "Birthday this month",
    "Reviewed a product",
    "Size back in stock",
    "App users, no push",
    "Sale hunters",
    "Student discount",
    "Churn risk high",
)
GOODS = (
    "rainwear",
    "boots",
    "tents",
    "knitwear",
    "running",
    "kids",
    "cycling",
    "climbing",
    "swim",
    "backpacks",
    "outlet",
    "winter",
    "denim",
    "home",
    "travel",
    "garden",
    "fishing",
    "sailing",
    "yoga",
    "gifts",
)
GUESTS = (
    "Arriving within 3 days",
    "Checked out yesterday",
    "Stays twice a year",
    "Spa guests",
    "Booked flexible rate",
    "Families, school holidays",
    "Weekend couples",
    "Conference organisers",
    "Late cancellers",
    "Club members",
    "Room upgrade likely",
    "Breakfast not booked",
    "Long stay",
    "Direct bookers",
    "Lapsed 12 months",
    "Storm warning tonight",
    "Golf packages",
    "Dinner guests, local",
    "Anniversary stays",
    "Points expiring",
)
PLACES = (
    "north shore",
    "old harbour",
    "lake side",
    "city centre",
    "pine valley",
    "east pier",
    "airport",
    "vineyard",
    "lighthouse",
    "south cliffs",
    "river bend",
    "high street",
    "island",
    "dunes",
    "castle hill",
    "market square",
    "west docks",
    "moor",
    "spa village",
    "ski lodge",
)

# (vendor key, kind, company, name): the first twelve are what a new visitor sees.
FLOWS = (
    ("s3", "batch", 0, "Larkmoor order desk files"),
    ("sfmc", "batch", 1, "Seven Bays guest email"),
    ("sftp", "batch", 0, "Larkmoor print and post"),
    ("campaign", "batch", 1, "Seven Bays loyalty campaigns"),
    ("http", "streaming", 0, "Larkmoor live events"),
    ("eloqua", "batch", 0, "Larkmoor trade newsletter"),
    ("blob", "batch", 1, "Seven Bays front desk lists"),
    ("sftp", "disabled", 1, "Seven Bays call centre (paused)"),
    ("gcs", "batch", 0, "Larkmoor media partners"),
    ("s3", "dataset", 1, "Seven Bays bookings dataset"),
    ("dlz", "batch", 1, "Seven Bays analytics drop"),
    ("adls", "new", 0, "Larkmoor lake house"),
)


def audience_name(index: int) -> str:
    """The name of audience number `index`; unique for any index."""
    deeds, things = (RETAIL, GOODS) if index % 2 == 0 else (GUESTS, PLACES)
    turn = index // 2
    deed, rest = deeds[turn % len(deeds)], turn // len(deeds)
    thing = things[(turn * 7 + rest) % len(things)]
    wave = turn // (len(deeds) * len(things))
    return f"{deed} – {thing}" + (f" {wave + 1}" if wave else "")


def flow_name(index: int) -> str:
    """The name of dataflow number `index`; the catalogue of twelve repeats with a number."""
    name = FLOWS[index % len(FLOWS)][3]
    turn = index // len(FLOWS)
    return f"{name} {turn + 1}" if turn else name
