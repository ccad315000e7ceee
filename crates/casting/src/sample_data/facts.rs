/// Name, gender, day of birth, day of death or nothing.
pub(super) type Person = (&'static str, &'static str, &'static str, &'static str);

/// Title, first release in the United States, cast as (actor, character).
pub(super) type Film = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

#[rustfmt::skip]
pub(super) const FILMS: &[Film] = &[
    ("Heat", "1995-12-15", &[
        ("Al Pacino", "Vincent Hanna"), ("Robert De Niro", "Neil McCauley"), ("Val Kilmer", "Chris Shiherlis"),
        ("Ashley Judd", "Charlene Shiherlis"), ("Natalie Portman", "Lauren Gustafson"), ("Jon Voight", "Nate"),
    ]),
    ("The Godfather", "1972-03-24", &[("Al Pacino", "Michael Corleone"), ("Diane Keaton", "Kay Adams")]),
    ("The Godfather Part II", "1974-12-20", &[
        ("Al Pacino", "Michael Corleone"), ("Robert De Niro", "Vito Corleone"), ("Diane Keaton", "Kay Adams"),
    ]),
    ("Taxi Driver", "1976-02-08", &[("Robert De Niro", "Travis Bickle"), ("Jodie Foster", "Iris")]),
    ("Scarface", "1983-12-09", &[("Al Pacino", "Tony Montana"), ("Michelle Pfeiffer", "Elvira Hancock")]),
    ("Star Wars", "1977-05-25", &[
        ("Mark Hamill", "Luke Skywalker"), ("Harrison Ford", "Han Solo"), ("Carrie Fisher", "Leia Organa"),
    ]),
    ("Alien", "1979-05-25", &[("Sigourney Weaver", "Ellen Ripley")]),
    ("Aliens", "1986-07-18", &[("Sigourney Weaver", "Ellen Ripley")]),
    ("Raiders of the Lost Ark", "1981-06-12", &[("Harrison Ford", "Indiana Jones")]),
    ("Blade Runner", "1982-06-25", &[("Harrison Ford", "Rick Deckard")]),
    ("Back to the Future", "1985-07-03", &[
        ("Michael J. Fox", "Marty McFly"), ("Christopher Lloyd", "Emmett Brown"), ("Lea Thompson", "Lorraine Baines"),
    ]),
    ("The Silence of the Lambs", "1991-02-14", &[
        ("Jodie Foster", "Clarice Starling"), ("Anthony Hopkins", "Hannibal Lecter"),
    ]),
    ("Jurassic Park", "1993-06-11", &[
        ("Sam Neill", "Alan Grant"), ("Laura Dern", "Ellie Sattler"), ("Jeff Goldblum", "Ian Malcolm"),
        ("Samuel L. Jackson", "Ray Arnold"),
    ]),
    ("Schindler's List", "1993-12-15", &[
        ("Liam Neeson", "Oskar Schindler"), ("Ben Kingsley", "Itzhak Stern"), ("Ralph Fiennes", "Amon Göth"),
    ]),
    ("Forrest Gump", "1994-07-06", &[
        ("Tom Hanks", "Forrest Gump"), ("Robin Wright", "Jenny Curran"), ("Gary Sinise", "Dan Taylor"),
        ("Sally Field", "Mrs. Gump"),
    ]),
    ("Pulp Fiction", "1994-10-14", &[
        ("John Travolta", "Vincent Vega"), ("Samuel L. Jackson", "Jules Winnfield"), ("Uma Thurman", "Mia Wallace"),
        ("Bruce Willis", "Butch Coolidge"),
    ]),
    ("Apollo 13", "1995-06-30", &[("Tom Hanks", "Jim Lovell"), ("Gary Sinise", "Ken Mattingly")]),
    ("Toy Story", "1995-11-22", &[("Tom Hanks", "Woody")]),
    ("Fargo", "1996-03-08", &[
        ("Frances McDormand", "Marge Gunderson"), ("William H. Macy", "Jerry Lundegaard"),
        ("Steve Buscemi", "Carl Showalter"),
    ]),
    ("L.A. Confidential", "1997-09-19", &[("Guy Pearce", "Ed Exley"), ("Russell Crowe", "Bud White")]),
    ("Good Will Hunting", "1997-12-05", &[
        ("Matt Damon", "Will Hunting"), ("Robin Williams", "Sean Maguire"), ("Ben Affleck", "Chuckie Sullivan"),
    ]),
    ("Titanic", "1997-12-19", &[
        ("Leonardo DiCaprio", "Jack Dawson"), ("Kate Winslet", "Rose DeWitt Bukater"), ("Billy Zane", "Cal Hockley"),
    ]),
    ("The Big Lebowski", "1998-03-06", &[
        ("Jeff Bridges", "The Dude"), ("John Goodman", "Walter Sobchak"), ("Julianne Moore", "Maude Lebowski"),
    ]),
    ("The Matrix", "1999-03-31", &[
        ("Keanu Reeves", "Neo"), ("Laurence Fishburne", "Morpheus"), ("Carrie-Anne Moss", "Trinity"),
        ("Hugo Weaving", "Agent Smith"),
    ]),
    ("Fight Club", "1999-10-15", &[
        ("Brad Pitt", "Tyler Durden"), ("Edward Norton", "The Narrator"), ("Helena Bonham Carter", "Marla Singer"),
    ]),
    ("Gladiator", "2000-05-05", &[
        ("Russell Crowe", "Maximus"), ("Joaquin Phoenix", "Commodus"), ("Connie Nielsen", "Lucilla"),
    ]),
    ("Collateral", "2004-08-06", &[("Tom Cruise", "Vincent"), ("Jamie Foxx", "Max Durocher")]),
    ("The Dark Knight", "2008-07-18", &[
        ("Christian Bale", "Bruce Wayne"), ("Heath Ledger", "The Joker"), ("Aaron Eckhart", "Harvey Dent"),
        ("Michael Caine", "Alfred Pennyworth"),
    ]),
    ("Inception", "2010-07-16", &[
        ("Leonardo DiCaprio", "Dom Cobb"), ("Joseph Gordon-Levitt", "Arthur"), ("Tom Hardy", "Eames"),
        ("Marion Cotillard", "Mal"), ("Ken Watanabe", "Saito"), ("Michael Caine", "Miles"),
    ]),
];

#[rustfmt::skip]
pub(super) const ACTORS: &[Person] = &[
    ("Al Pacino", "male", "1940-04-25", ""), ("Robert De Niro", "male", "1943-08-17", ""),
    ("Val Kilmer", "male", "1959-12-31", "2025-04-01"), ("Ashley Judd", "female", "1968-04-19", ""),
    ("Natalie Portman", "female", "1981-06-09", ""), ("Jon Voight", "male", "1938-12-29", ""),
    ("Diane Keaton", "female", "1946-01-05", "2025-10-11"), ("Jodie Foster", "female", "1962-11-19", ""),
    ("Michelle Pfeiffer", "female", "1958-04-29", ""), ("Mark Hamill", "male", "1951-09-25", ""),
    ("Harrison Ford", "male", "1942-07-13", ""), ("Carrie Fisher", "female", "1956-10-21", "2016-12-27"),
    ("Sigourney Weaver", "female", "1949-10-08", ""), ("Michael J. Fox", "male", "1961-06-09", ""),
    ("Christopher Lloyd", "male", "1938-10-22", ""), ("Lea Thompson", "female", "1961-05-31", ""),
    ("Anthony Hopkins", "male", "1937-12-31", ""), ("Sam Neill", "male", "1947-09-14", ""),
    ("Laura Dern", "female", "1967-02-10", ""), ("Jeff Goldblum", "male", "1952-10-22", ""),
    ("Samuel L. Jackson", "male", "1948-12-21", ""), ("Liam Neeson", "male", "1952-06-07", ""),
    ("Ben Kingsley", "male", "1943-12-31", ""), ("Ralph Fiennes", "male", "1962-12-22", ""),
    ("Tom Hanks", "male", "1956-07-09", ""), ("Robin Wright", "female", "1966-04-08", ""),
    ("Gary Sinise", "male", "1955-03-17", ""), ("Sally Field", "female", "1946-11-06", ""),
    ("John Travolta", "male", "1954-02-18", ""), ("Uma Thurman", "female", "1970-04-29", ""),
    ("Bruce Willis", "male", "1955-03-19", ""), ("Frances McDormand", "female", "1957-06-23", ""),
    ("William H. Macy", "male", "1950-03-13", ""), ("Steve Buscemi", "male", "1957-12-13", ""),
    ("Guy Pearce", "male", "1967-10-05", ""), ("Russell Crowe", "male", "1964-04-07", ""),
    ("Matt Damon", "male", "1970-10-08", ""), ("Robin Williams", "male", "1951-07-21", "2014-08-11"),
    ("Ben Affleck", "male", "1972-08-15", ""), ("Leonardo DiCaprio", "male", "1974-11-11", ""),
    ("Kate Winslet", "female", "1975-10-05", ""), ("Billy Zane", "male", "1966-02-24", ""),
    ("Jeff Bridges", "male", "1949-12-04", ""), ("John Goodman", "male", "1952-06-20", ""),
    ("Julianne Moore", "female", "1960-12-03", ""), ("Keanu Reeves", "male", "1964-09-02", ""),
    ("Laurence Fishburne", "male", "1961-07-30", ""), ("Carrie-Anne Moss", "female", "1967-08-21", ""),
    ("Hugo Weaving", "male", "1960-04-04", ""), ("Brad Pitt", "male", "1963-12-18", ""),
    ("Edward Norton", "male", "1969-08-18", ""), ("Helena Bonham Carter", "female", "1966-05-26", ""),
    ("Joaquin Phoenix", "male", "1974-10-28", ""), ("Connie Nielsen", "female", "1965-07-03", ""),
    ("Tom Cruise", "male", "1962-07-03", ""), ("Jamie Foxx", "male", "1967-12-13", ""),
    ("Christian Bale", "male", "1974-01-30", ""), ("Heath Ledger", "male", "1979-04-04", "2008-01-22"),
    ("Aaron Eckhart", "male", "1968-03-12", ""), ("Michael Caine", "male", "1933-03-14", ""),
    ("Joseph Gordon-Levitt", "male", "1981-02-17", ""), ("Tom Hardy", "male", "1977-09-15", ""),
    ("Marion Cotillard", "female", "1975-09-30", ""), ("Ken Watanabe", "male", "1959-10-21", ""),
];
