# What pages say.
home-title = The region today
home-head-1 = One carbon market.
home-head-2 = Ten countries, each at its own pace
home-lead = Who may emit how much, at what price it trades, and the proof of it. Everything published here can be read, downloaded and recomputed without signing in.
home-map = Stage and price
home-map-label = Map of the members by stage
home-map-source = Source: policy in force, last trades
home-table = Members with stage, price and cap
home-capped = { $count ->
    [one] One capped
   *[other] { $count } capped
}
home-prices = Last prices
home-tile = { $change } on the call before · { $volume } t sold · { $day }
home-open-market = Open the market
home-chart-unit = { $currency } per tonne, call auctions
home-chart-label = Prices of allowances in call auctions
home-chart-source = Source: call auctions
home-finding-twice = { $name } trades at twice the others and more
home-finding-dearest = { $name } trades highest
home-finding-none = Prices of call auctions
home-bar = { $verified } of { $cap } Mt
home-caps-finding = { $over ->
    [0] Emissions stayed under every cap in { $year }
    [one] Emissions were above one cap in { $year }
   *[other] Emissions were above { $over } caps in { $year }
}
home-caps-label = Verified emissions against caps
home-caps-source = Source: verified reports of the last year that is closed
next-dates = Next dates
next-dates-source = Source: policy in force, announced auctions
calendar-file = Calendar (.ics)
no-dates = Nothing is due
latest = Latest in the record
pause = Pause updates
prove-head = Do not take our word for it
prove-text = Whoever holds a copy of the journal reads every record again: chain, checksums, invariants, and the owner of every serial.

no-trades = No trades yet
no-trades-text = Prices appear with the first trade.
no-calls = No call was held yet
no-cap = No cap
no-cap-text = This member has no cap at its stage.
no-years = No year is closed yet
no-years-text = Figures appear when the first letters are frozen.
no-links = No links
no-links-text = No units cross between this member and others.
no-indicative = No orders meet

price-of = made on { $day }, for units that count to { $year }
verified-of = in { $year }, under a cap of { $cap } Mt
obliged-of = { $count ->
    [one] one owes units for { $year }
   *[other] { $count } owe units for { $year }
}
path-head = Cap and verified emissions
path-unit = Million tonnes of CO₂e
path-label = Cap and verified emissions by year
path-source = Source: policy in force, verified reports
plants-map = Installations
plants-map-label = Map of installations; the area of a dot is its emissions
plants-placed = { $placed } of { $all } installations have a place; synthetic ones have none.
plants-source = Source: open data, as each row says
years-head = Year by year
years-source = Source: policy in force and the record
largest = Largest installations
all-installations = All installations
links-head = Links
links-source = Source: policy in force, coupled auctions
basis-head = What the policy rests on here
basis-text = Keys of the policy file that name their basis. What names none is an assumption.
basis-source = Source: policy in force

markets-head = Market
markets-lead = Units that count for a country's year trade in call auctions; where the policy admits it, in sessions.
markets-open = Markets whose surrender is to come
markets-none = No market is open
markets-none-text = Markets open with the first units of a year.
markets-products = Products drawn from evidence
calls-last = Last call auctions
calls-source = Source: call auctions
days-last = Last days with trades
days-source = Source: trades of each day (UTC)
market-head = Market of { $name }
market-lead = Units that can be surrendered for { $year }: of this year and of years before that still count.
market-lead-product = Units drawn from verified evidence of { $year }: credits for a tonne avoided, or certificates for a quantum of energy.
phase-until = until { $at }
trades-count = { $count ->
    [one] in one trade
   *[other] in { $count } trades
}
trades-last = Last trades
trades-source = Source: trades of the exchange
prices-head = Closing prices
prices-unit = { $currency } per tonne, last price of each day
prices-unit-each = { $currency } a unit, last price of each day
book-head = What waits in the book
book-empty = Nobody waits
book-empty-text = Orders of the next call or session appear here, added up by price.
book-source = Source: orders that wait, by price
buy = Buy
sell = Sell

auctions-head = Allowance auctions
auctions-lead = Governments sell allowances at one price to all winners. Anyone can recompute a result.
auctions-coming = Announced
auctions-none = No auction is announced
auctions-none-text = Auctions are announced before their window opens.
auctions-results = Results
auctions-no-results = No auction was held yet
auctions-source = Source: primary auctions
auction-title = Auction { $number }, { $name }
auction-sold = { $sold } t sold at { $price } { $currency }/t, one price for all winners.
auction-unsold = Nothing was sold: no bid reached the lowest price.
auction-cancelled = Taken back before it was cleared.
auction-coming = Announced; the window closes { $at }.
auction-counts = units that count for { $year }
auction-facts = Terms and result
curve-head = What was bid
curve-price = { $currency } per tonne
curve-quantity = Mt, added up from the highest bid
curve-label = Falling curve of bids added up, the volume offered, and the clearing price where they meet
curve-none = Bids are shown once the auction is cleared
curve-none-text = Until then nobody sees what others bid.
bids-head = Bids, added up by price
bids-source = Source: bids of auctions that are cleared, without bidders
recompute = Recompute this
recompute-text = The market's own code clears a table of bids: one line each, with price and quantity.

coupled-head = Coupled auctions
coupled-lead = Linked markets clear at once: prices and what flows between them are found together, and the gain is shared.
coupled-map = What flowed between members
coupled-title = Coupled auction { $number }
coupled-at = Cleared { $at }.
coupled-prices = Prices
coupled-source = Source: coupled auctions
flows-head = Flows, rents and levies
flows-none = Nothing has flowed yet
flows-none-text = Flows appear with the first coupled auction.
flows-nothing = Nothing flowed
flows-source = Source: coupled auctions
flow-told = { $from } to { $to }: { $quantity } t

registry-head = Registry reports
registry-lead = What the rules publish of accounts, installations, allocation, compliance and trade, each as a table and as a file.
reports-registry = Registry
reports-market = Markets
reports-evidence = Evidence, certificates, credits
reports-history = History
list-source = Source: the record
list-empty = Nothing fits
list-empty-text = Take a filter away to see more.
filter = Filter
filter-text = Text
filter-all = All
filter-none = Without filters

plant-emitted = { $tonnes } t in { $year }
plant-proxy = Not reported by its operator: see about the data.
plant-facts = What is known
plant-where = Where it is
plant-nowhere = No place is known
plant-nowhere-text = Synthetic installations stand for plants that no open table lists.
map-source = Shapes: Natural Earth
plant-years = Year by year
compliance-source = Source: verified reports, surrenders
letters-mean = A: surrendered all it owed. B: surrendered less. C: a year is not reported. D, E, X: set by the authority.

policy-head = Policy
policy-lead = One file is the market: stages, caps, auctions, deadlines, penalties, links. It is simulated, rehearsed and run as it stands here.
policy-in-force = in force
policy-versions = Versions
policy-none = No policy was adopted yet
policies-source = Source: policies adopted
policy-changes = What changed
policy-file = The file
policy-file-text = Its SHA-256 is in the record; whoever has the file can compare.
policy-missing = The file is not at hand here
policy-missing-text = The record holds its hash alone; put the file beside the store to show it.

record-title = Record { $record }
record-private = Nothing of this record is public now
record-private-text = Orders, bids, money and mandates are not public; transfers are, once their delay is over.
record-source = Source: the record

data-lead = Where every figure comes from, under which licence, and what was put right.
provenance-head = How a figure came about
sources-head = Sources
source-key = Key
source-publisher = Publisher and data set
source-year = Year
source-licence = Licence
source-use = Used for
corrections-head = Corrections
corrections-text = Every change to a value of the sources, with its reason.
method-head = What was computed

search-head = Search
search-lead = Installations, accounts, auctions, members, and lines of the policy.
search-empty = Type what you look for
search-empty-text = A part of a name is enough; accounts and auctions are found by their number.
search-none = Nothing was found for “{ $text }”

sim-head = What if the rules were others?
sim-lead = Move a control and see prices, flows and gains for every member. Nothing here changes the market.
sim-scenario = Scenario
sim-reset = Reset to adopted
sim-caps = Caps, change against adopted
sim-cap-hint = { $cap } Mt in { $year }
sim-limits = Price limits and credits, { $name }
sim-floor = Floor
sim-ceiling = Ceiling
sim-price-hint = Adopted: { $price } in { $year }, then as it rises
sim-none-adopted = Adopted: none
sim-credits = Credits count within these limits
sim-credit-share = Domestic credits
sim-credit-hint = Share of each operator’s emissions
sim-link = Link { $from } – { $to }
sim-way-none = None
sim-way-one-way = One way
sim-way-both = Both
sim-quota = Quota
sim-quota-hint = Adopted: { $quota } at last; open from { $year }
sim-no-quota = no quota
sim-ratio = One unit counts for
sim-ratio-hint = Adopted: { $ratio }
sim-calculate = Calculate
sim-gain = Gain to the region, { $year }
sim-gain-note = against no link
sim-flow = Through links, { $year }
sim-flow-note = units that leave
sim-emissions = Emissions under caps, { $year }
sim-emissions-note = of members with a market
sim-green = Green investment
sim-green-note = mobilised { $first } to { $last }; rests on assumptions
sim-this = This scenario
sim-adopted = Adopted policy
sim-price-unit = { $currency } per tonne, real
sim-price-label = Simulated prices by year
sim-finding = { $name } is dearest in { $year }, at { $price } { $currency }/t
sim-no-market = Nobody owes units
sim-source = Source: equilibrium model; answered in { $ms } ms
sim-source-short = Source: equilibrium model
sim-who = Who gains by links
sim-who-label = Gains of members by links, all years, discounted
sim-who-note = All years, discounted to the first, against markets without links.
sim-before = Before you rely on it
sim-refused = As a policy this would be refused:
sim-warn-missing = { $name } { $year }: { $quantity } Mt are missing where its abatement curve ends. Raise the cap, add measures, or set a ceiling.
sim-warn-fined = { $name } { $year }: for { $quantity } Mt the penalty is paid in place of units.
sim-warn-left = { $name } { $year }: { $quantity } Mt of units are left over and worth nothing; the cap lies above emissions.
sim-warn-oversold = { $name } { $year }: { $quantity } Mt a year are sold that its national target needs.
sim-warn-hot-air = { $name } { $year }: units are sold while the national target lies { $quantity } Mt above what would be emitted anyway (hot air).
sim-warn-no-table = { $name }: its national target is passed over, because what the country emits is not known.
sim-warn-unsettled = The market does not come to rest: what follows from its own outcome still moves { $quantity } Mt.
sim-warn-uncertain = The model is not certain of these figures. Do not rely on them.
sim-proxy = Abatement costs are proxies, not measured.
sim-assumed = { $count ->
    [one] One input is an assumption.
   *[other] { $count } inputs are assumptions.
}
sim-no-oversold = No member sells what it needs for its climate pledge.
sim-oversold = Sells what it needs for its climate pledge: { $names }.
sim-year = { $year } in figures
sim-abatement = Avoided
sim-import = Net import
sim-col-gain = Gain by links
sim-revenue = Auction revenue
sim-windfall = Windfall
sim-next = What next
sim-share-text = The address holds the whole scenario: whoever opens it sees the same.
sim-share = Link to this scenario
sim-rehearse = Rehearse this
sim-command = The same on your own machine
sim-coalitions = Which members would gain together
sim-coalitions-lead = Every group of members with a common market, against markets of their own.
sim-no-coalitions = There are not enough members with a market
sim-together = Together
sim-each = Each
sim-all-gain = All gain
sim-holds = Nobody would leave
sim-rehearsal = Rehearsal { $number }
sim-rehearsal-lead = Simulated operators of real installations play the first years on the production code.
sim-back = Back to the scenario
sim-waiting = It waits for another rehearsal.
sim-playing = It is played.
sim-may-leave = You may leave this page; the address stays.
sim-failed = It could not be played
sim-full = Too many rehearsals wait
sim-full-text = Try again when one is over.
sim-beside = Simulated and rehearsed
sim-simulated = Simulated
sim-auction = Auctions
sim-call = Call auctions
sim-beside-source = Source: equilibrium model; rehearsal of the same policy
yes = yes
no = no
