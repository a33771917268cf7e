"""The pamphlets of the made-up services, as Markdown: what a school can read before it refers."""

PAMPHLETS = {
    "family-mornings": """\
# Steady Mornings

**For** families of children up to Year 6 for whom getting to school has become hard.

## What happens
A family worker comes to your home, mostly early in the day, for about six school weeks. Together you look at the
hour before school: sleep, breakfast, who does what, the way there. You choose two or three things to change, and the
worker is there while you try them.

## What we ask of the school
- Tell the family before you refer them, and write down what they said.
- Name one person whom the worker can ring.
- Send the sessions missed since the start of term.

## What we do not do
We are not an emergency service and we do not carry out assessments for the courts.
""",
    "back-on-track": """\
# Back on Track

**For** young people in Years 7 to 13 who have been suspended, or who are close to it.

## What happens
A worker meets the young person and a parent, apart and together, once or twice a week for six school weeks. We draw up
a plan of at most three goals, one of which is the young person's own. Half-way, everyone meets at school to see what
has moved.

## What we ask of the school
- The dates and reasons of suspensions this half-term and last.
- What has been tried, and what helped a little.
- An adult in school whom the young person has chosen.

## How it ends
With a short written summary that the family has seen first, and a call a term later.
""",
    "small-steps": """\
# Small Steps Back

**For** children and young people of any age whom worry or distress keeps at home.

## What happens
The work starts where the child feels safe, often at home or on screen, and moves towards school in steps that the child
helps to set. It lasts about eight school weeks, with gaps where a step needs longer.

## What we ask of the school
- A quiet place and a flexible start to the day.
- Patience with weeks in which nothing seems to move.
- Any advice from health or educational psychology, with the family's agreement.
""",
    "own-words": """\
# In Our Own Words

**For** families who would rather talk about school and home in a language other than English.

## What happens
A worker who speaks the language meets the family at home or at school, for about six school weeks. We explain how
schools here work, listen to what the family needs, and speak for nobody: parents meet the school themselves, with us
beside them.

## Languages
Arabic, Kurdish (Sorani), Lithuanian, Polish, Portuguese, Romanian, Russian and Ukrainian. For another one, ask us.

## What we ask of the school
- The family's language as the family names it, and whether they would like an interpreter at the first meeting.
""",
}
