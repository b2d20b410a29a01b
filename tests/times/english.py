"""English expressions with the spans they mean, and sentences without a time; NOW is Wednesday 15 October 2025, 14:30.

Each line is an expression in a question, ``|``, first and last period of its span, both included; ``-`` is open.
An hour is given as two instants, the second excluded.
"""

EXPRESSIONS = """
What did I do last summer? | 2025-06 2025-08
Where did we go this summer? | 2025-06 2025-08
What are my plans for next summer? | 2026-06 2026-08
the summer before last | 2024-06 2024-08
What happened last winter? | 2024-12 2025-02
Who visited us last spring? | 2025-03 2025-05
Where did she work in the fall of 2022? | 2022-09 2022-11
summer 2023 | 2023-06 2023-08
in the winter of 2021 | 2021-12 2022-02
What did he plant last year's spring? | 2024-03 2024-05
Did it rain over the summer? | 2025-06 2025-08
early summer 2024 | 2024-06 2024-06
in May 2023 | 2023-05 2023-05
What did Caroline paint in May? | 2025-05 2025-05
in November | 2024-11 2024-11
last May | 2025-05 2025-05
next March | 2026-03 2026-03
in March of last year | 2024-03 2024-03
May of this year | 2025-05 2025-05
in Sept 2024 | 2024-09 2024-09
early March | 2025-03-01 2025-03-10
mid-July 2024 | 2024-07-11 2024-07-20
late August | 2025-08-21 2025-08-31
the end of June 2023 | 2023-06-21 2023-06-30
at the beginning of April | 2025-04-01 2025-04-10
in the middle of February 2024 | 2024-02-11 2024-02-20
January 2020 | 2020-01 2020-01
my December trip | 2024-12 2024-12
three weeks ago | 2025-09-22 2025-09-28
two weeks ago | 2025-09-29 2025-10-05
a week ago | 2025-10-06 2025-10-12
a few weeks ago | 2025-09-08 2025-10-05
a couple of months ago | 2025-08 2025-08
five months ago | 2025-05 2025-05
10 days ago | 2025-10-05 2025-10-05
two years ago | 2023 2023
a year ago | 2024 2024
a year and a half ago | 2024-04 2024-04
half a year ago | 2025-04 2025-04
several days ago | 2025-10-10 2025-10-13
three hours ago | 2025-10-15T11:00 2025-10-15T12:00
half an hour ago | 2025-10-15T14:00 2025-10-15T15:00
two decades ago | 2000 2009
two Fridays ago | 2025-10-03 2025-10-03
two weekends ago | 2025-10-04 2025-10-05
in three days | 2025-10-18 2025-10-18
two weeks from now | 2025-10-27 2025-11-02
yesterday | 2025-10-14 2025-10-14
What did I eat today? | 2025-10-15 2025-10-15
What do I have to do tomorrow? | 2025-10-16 2025-10-16
the day before yesterday | 2025-10-13 2025-10-13
the day after tomorrow | 2025-10-17 2025-10-17
the other day | 2025-10-08 2025-10-13
yesterday morning | 2025-10-14T05:00 2025-10-14T12:00
last night | 2025-10-14T18:00 2025-10-15T06:00
this morning | 2025-10-15T05:00 2025-10-15T12:00
tonight | 2025-10-15T18:00 2025-10-16T06:00
tomorrow afternoon | 2025-10-16T12:00 2025-10-16T18:00
on the evening of 7 May 2023 | 2023-05-07T17:00 2023-05-08T00:00
yesterday at 3 pm | 2025-10-14T15:00 2025-10-14T16:00
at 10:30 am on 3 June 2024 | 2024-06-03T10:00 2024-06-03T11:00
last Friday | 2025-10-10 2025-10-10
last Wednesday | 2025-10-08 2025-10-08
this Friday | 2025-10-17 2025-10-17
next Monday | 2025-10-20 2025-10-20
on Sunday | 2025-10-12 2025-10-12
Who called on Wednesday? | 2025-10-15 2025-10-15
Friday of last week | 2025-10-10 2025-10-10
last week's Tuesday | 2025-10-07 2025-10-07
on Friday night | 2025-10-10T18:00 2025-10-11T06:00
from Monday to Wednesday | 2025-10-13 2025-10-15
last week | 2025-10-06 2025-10-12
this week | 2025-10-13 2025-10-19
next week | 2025-10-20 2025-10-26
the week before last | 2025-09-29 2025-10-05
earlier this week | 2025-10-13 2025-10-15
this weekend | 2025-10-18 2025-10-19
last weekend | 2025-10-11 2025-10-12
next weekend | 2025-10-25 2025-10-26
last month | 2025-09 2025-09
this month | 2025-10 2025-10
next month | 2025-11 2025-11
the month before last | 2025-08 2025-08
earlier this month | 2025-10-01 2025-10-15
at the end of last month | 2025-09-21 2025-09-30
the second week of May 2023 | 2023-05-08 2023-05-14
the last week of August 2024 | 2024-08-25 2024-08-31
the first weekend of June 2024 | 2024-06-01 2024-06-02
the first Monday in September 2024 | 2024-09-02 2024-09-02
the last Friday of March 2023 | 2023-03-31 2023-03-31
last year | 2024 2024
this year | 2025 2025
next year | 2026 2026
the year before last | 2023 2023
in 2022 | 2022 2022
early 2021 | 2021-01 2021-04
late last year | 2024-09 2024-12
at the end of 2023 | 2023-10 2023-12
the first half of 2024 | 2024-01 2024-06
the second half of last year | 2024-07 2024-12
later this year | 2025-10-15 2025-12-31
this time last year | 2024-10-01 2024-10-29
Q3 2024 | 2024-07 2024-09
in Q1 | 2025-01 2025-03
the first quarter of 2023 | 2023-01 2023-03
last quarter | 2025-07 2025-09
in the 90s | 1990 1999
in the 1980s | 1980 1989
in the early 2010s | 2010 2013
in the sixties | 1960 1969
over the past 10 days | 2025-10-05 2025-10-15
in the last three months | 2025-07-15 2025-10-15
during the past year | 2024-10-15 2025-10-15
the last few weeks | 2025-09-10 2025-10-15
over the next two weeks | 2025-10-15 2025-10-29
on 7 May | 2025-05-07 2025-05-07
on May 7th, 2023 | 2023-05-07 2023-05-07
7 May, 2023 | 2023-05-07 2023-05-07
on the 5th of November 2022 | 2022-11-05 2022-11-05
the third of June | 2025-06-03 2025-06-03
on Friday, 9 June 2023 | 2023-06-09 2023-06-09
Dec 24, 2021 | 2021-12-24 2021-12-24
2023-05-07 | 2023-05-07 2023-05-07
on 5/7/2023 | 2023-05-07 2023-05-07
on 25/12/2023 | 2023-12-25 2023-12-25
on 07.05.2023 | 2023-05-07 2023-05-07
2023-05 | 2023-05 2023-05
the 15th of last month | 2025-09-15 2025-09-15
the week before 9 June 2023 | 2023-06-02 2023-06-08
the Friday before 15 July 2023 | 2023-07-14 2023-07-14
the Sunday after 3 July 2023 | 2023-07-09 2023-07-09
two weekends before 17 July 2023 | 2023-07-08 2023-07-09
the weekend before 3 July 2023 | 2023-07-01 2023-07-02
the day after Christmas 2022 | 2022-12-26 2022-12-26
the night before 1 May 2024 | 2024-04-30T18:00 2024-05-01T06:00
three days before Christmas 2023 | 2023-12-22 2023-12-22
the week of 9 June 2023 | 2023-06-05 2023-06-11
the month after March 2024 | 2024-04 2024-04
since June | 2025-06 -
since early March | 2025-03-01 -
before September 30 | - 2025-09-29
before 2020 | - 2019
until last Friday | - 2025-10-10
by the end of May | - 2025-05
prior to March 2024 | - 2024-02
after 7 May 2023 | 2023-05-08 -
after last summer | 2025-09 -
from 2022 on | 2022 -
between 3 and 5 May | 2025-05-03 2025-05-05
May 3-5, 2023 | 2023-05-03 2023-05-05
between March and June 2023 | 2023-03 2023-06
from November to January | 2024-11 2025-01
from 2019 to 2021 | 2019 2021
between 3 May 2023 and 7 June 2023 | 2023-05-03 2023-06-07
What happened in 2018-2020? | 2018 2020
after May but before July | 2025-06 2025-06
at Christmas | 2024-12-25 2024-12-25
Christmas last year | 2024-12-25 2024-12-25
last Thanksgiving | 2024-11-28 2024-11-28
Halloween 2023 | 2023-10-31 2023-10-31
on New Year's Eve | 2024-12-31 2024-12-31
on Valentine's Day | 2025-02-14 2025-02-14
Easter 2024 | 2024-03-31 2024-03-31
on the Fourth of July | 2025-07-04 2025-07-04
over the Christmas holidays | 2024-12-20 2025-01-02
Chinese New Year 2024 | 2024-02-10 2024-02-16
the Mid-Autumn Festival last year | 2024-09-17 2024-09-17
before Christmas | - 2024-12-24
"""


TIMELESS = """
May I ask you something?
It may rain and you may get wet.
She will march on with the others.
He finished in second place.
Give me a second.
I like hiking in the summer.
Does she prefer spring or autumn?
One day I will learn to sail.
What is my favourite day of the week?
How many hours a day does she work?
She is 25 years old.
I run five days a week.
Every Friday we eat fish.
We meet on Mondays.
April is my best friend.
June and August are my cousins.
Where did I put the Christmas tree?
I fall in love easily.
My flat is room 2011.
The laptop cost $2000.
He walked 2000 steps.
The year of the dragon is my favourite.
She lived there for three years.
The last time we spoke you were tired.
What is the last page of the book about?
Her last name is Winter.
What is my daily routine?
The shop is open 24/7.
The score was 3-5.
Take 1/2 cup of sugar.
Version 2.10.2 is broken.
My phone number is 555-2023-11.
It takes half an hour to get there.
Is a week enough to see Japan?
Who wrote One Hundred Years of Solitude?
Which month is the coldest?
Who is next in line?
The second quarter of the game was dull.
What are my weekend habits?
I watched Wednesday Addams with my niece.
He is in his sixties.
How long does it take from door to door?
The meeting room before the kitchen is mine.
Do you know what my sister does for a living?
What kind of music do I like?
Since you asked, I like tea.
After all, it was fun.
I was before her in the queue.
"""
