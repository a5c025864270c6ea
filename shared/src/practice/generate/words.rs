//! Words that every synthetic note draws on: people as roles, places, things, feelings, times.
//!
//! A pool is a name and its alternatives, parted by `|`. Nothing here comes from a real case.

/// Small words and phrases, by the name under which templates ask for them.
pub(super) const POOLS: &[(&str, &str)] = &[
    (
        "say",
        "Reported|Described|Spoke about|Talked about|Brought up|Mentioned|Recounted|\
        Went through|Returned to|Raised|Recalled|Gave an account of|Told of|Dwelt on|\
        Summed up|Came back to|Touched on|Detailed|Opened with|Led with|Volunteered",
    ),
    (
        "said",
        "said|noted|added|thought|felt|explained|admitted|insisted|observed|pointed out|\
        conceded|remarked|wondered aloud whether perhaps|guessed|suspected|realized|\
        acknowledged|was clear|reckoned|maintained|found|recognized",
    ),
    (
        "clash",
        "an argument|a quarrel|a sharp exchange|a tense phone call|a misunderstanding|\
        a cold silence|a disagreement|some friction|an awkward talk|a stand-off|a row|\
        a clumsy joke|a slammed door|a string of curt texts|a public scolding|a broken promise|\
        bickering|an unanswered message|a scene|harsh words|a stiff dinner|a bad-tempered drive",
    ),
    (
        "person",
        "the older sister|the younger brother|a cousin|the mother-in-law|the stepfather|\
        the line manager|a colleague from accounts|the new team lead|the upstairs neighbor|\
        the landlady|a former roommate|the choir director|the running partner|the ex-partner|\
        the partner|the eldest child|the middle child|the teenager|the grandmother|an uncle|\
        the godmother|a friend from school|a friend from evening class|the physiotherapist|\
        the family doctor|the site foreman|the apprentice|the night-shift nurse|the tutor|\
        the thesis adviser|the head of department|the daycare teacher|the soccer coach|\
        the half-sister|the twin|a friend of the family|the brother-in-law|the mentor|\
        the deputy|a customer|the caretaker|the allotment neighbor|the bandmate|the aunt|\
        the oldest friend|the trainee|the office manager|a supplier|the other parent|\
        the father|the mother|the sister-in-law|the housemate|the carpool driver|the editor|\
        the union rep|the dance partner|the librarian|the bus driver on the early route|\
        the stepdaughter|the stepson|a fellow volunteer|the organist|the warehouse lead",
    ),
    (
        "topic",
        "the holiday plans|an unpaid bill|the division of chores|who looks after the dog|\
        a forgotten birthday|the renovation|the late rent|a borrowed car|screen time|money|\
        the move|a will|the wedding list|the shift roster|a missed deadline|loud music|\
        the inheritance|an old loan|the school run|visiting hours|a job offer|the heating|\
        the seating plan|a parking space|the garden fence|the recycling|a cancelled trip|\
        the guest room|noise at night|the nursery place|the tax return|an exam grade|\
        the silence after the funeral|tone of voice|a comment about weight|whose turn it was|\
        the photo album|an unread report|the budget|the handover|a changed lock|bedtimes|\
        the choice of school|an old letter|Christmas|a remark at table|the spare key|\
        the side project|working from home|a leaking roof|contact with the grandparents|\
        the team reshuffle|the appraisal|a speeding ticket|the new puppy|the piano lessons",
    ),
    (
        "place",
        "the supermarket|the tram|the office kitchen|the swimming pool|the car park|\
        the library|a packed elevator|the dentist's waiting room|the garden center|the gym|\
        the staff meeting|a birthday party|the hairdresser's|the playground|the ring road|\
        the tunnel|the train platform|the back row of the cinema|the bakery|the community hall|\
        the airport|the lake|the allotment|the basement|the loading bay|a wedding reception|\
        the parents' house|the school gate|a funeral tea|the ferry|the market square|\
        the post office|the bank counter|the pharmacy|the lecture hall|the workshop|\
        the kitchen table|the stairwell|the balcony|the woods behind the estate|the bus stop|\
        a crowded café|the ward|the open-plan office|the choir loft|the river path|\
        the hardware store|the customs hall|the sports ground|the video call|the chapel|\
        the night bus|the laundry room|the museum|the roundabout|the campsite|the garage|\
        the old neighborhood|the pedestrian bridge|the town hall|the allergy clinic",
    ),
    (
        "activity",
        "baking bread|repotting tomatoes|walking the long way home|sorting photographs|\
        playing the accordion|swimming lengths|knitting a scarf|repairing a bicycle|painting|\
        reading two chapters|cooking lentil soup|calling a friend|a jigsaw puzzle|watercolors|\
        weeding|a slow run|choir practice|bouldering|birdwatching|a sauna|cleaning one drawer|\
        chess online|a dance class|writing letters|feeding the ducks|a board-game evening|\
        mending a jacket|sketching trams|the crossword|stretching|a bus ride to the coast|\
        volunteering at the shelter|tidying the shed|learning Italian|badminton|pottery|\
        fishing|tuning the guitar|a museum visit|making jam|hiking to the quarry|yoga|\
        listening to the radio play|ironing with music on|coffee with a neighbor|gardening|\
        restoring a chair|table tennis|folding paper cranes|a morning swim|rowing|archery|\
        visiting the farmers' market|cataloguing records|the allotment|model trains|karaoke",
    ),
    (
        "bad",
        "tense|low|flat|on edge|irritable|drained|numb|ashamed|guilty|restless|hollow|\
        overwhelmed|panicky|tearful|bitter|lonely|lost|helpless|jumpy|worn out|resentful|\
        foggy|stuck|raw|defeated|frightened|heavy|embarrassed|keyed up|disgusted|brittle|\
        cornered|invisible|wound up|sick with worry|disheartened|hopeless at times|angry|\
        humiliated|paralyzed|uneasy|suspicious|listless|torn|rattled|exposed|small",
    ),
    (
        "good",
        "calmer|lighter|relieved|proud|steady|hopeful|content|curious|rested|playful|warm|\
        less alone|surprised|grateful|at ease|more awake|quietly pleased|settled|braver|\
        amused|clear-headed|tender|freer|energetic|confident|connected|soothed|patient|\
        interested again|almost cheerful|unburdened|safe|capable|moved|understood|stronger",
    ),
    (
        "body",
        "a tight chest|clammy hands|a knot in the stomach|a racing heart|shallow breathing|\
        a clenched jaw|heat in the face|trembling knees|a lump in the throat|pins and needles|\
        a dull headache|stiff shoulders|nausea|dizziness|cold feet|dry mouth|blurred vision|\
        ringing ears|a twitching eyelid|leaden legs|back pain|palpitations|sweating|a sore neck|\
        pressure behind the eyes|a churning gut|goose bumps|weak arms|a fluttering stomach|\
        a shaky voice|itching|yawning|cramp in the calves|a flushed neck|breathlessness",
    ),
    (
        "day",
        "on Monday|on Tuesday|on Wednesday|on Thursday|on Friday|on Saturday|on Sunday|\
        over the weekend|the night before last|two days ago|early in the week|midweek|\
        yesterday|this morning|last Friday|the day after our last meeting|on the #3-28#th|\
        three days running|on the way here|on the bank holiday|twice since last time|\
        the same evening|around noon|late one night|in the small hours|before work|after work|\
        at lunch|during the second half of the week|on payday|after a night shift|on a day off",
    ),
    (
        "span",
        "#5-55# minutes|about #2-9# hours|most of a morning|a whole evening|#2-6# days|\
        the better part of an hour|a few seconds|nearly #2-3# hours|#10-50# minutes or so|\
        half the night|a long weekend|longer than usual|less time than feared|one afternoon|\
        well under #5-30# minutes|the entire drive|three songs|until past midnight",
    ),
    (
        "degree",
        "somewhat|clearly|a little|noticeably|much|slightly|unexpectedly|distinctly|\
        rather|a touch|considerably|only just|visibly|for once|still|gradually|oddly|a good deal",
    ),
    (
        "often",
        "once|twice|three times|on #2-6# days|most days|every other day|hardly ever|\
        #2-9# times|nearly daily|on and off|a handful of times|only on #1-3# evenings|daily|\
        less often than before|in #2-8# out of #9-12# attempts|at least #2-5# times",
    ),
    (
        "rating",
        "#2-9# out of 10|#20-90# of 100|about #3-8#|between #2-4# and #5-8#|\
        #6-9# at the worst, later #2-5#|a #3-8#|#4-9# before and #1-4# after|roughly #30-80#",
    ),
    (
        "when",
        "as soon as|whenever|shortly after|just before|every time|at the moment when|\
        long after|while|the instant|only once|right after|on the evening when|because|until",
    ),
    ("because", "because|since|as|given that|on the grounds that|knowing that|now that|for"),
    ("link", "and|but|yet|so|then|although|even though|while|whereas|and afterwards|and instead"),
    (
        "event",
        "the phone rang|the house went quiet|the lights dimmed|someone raised a voice|\
        plans changed|the door closed|the mail came|a siren passed|the meeting ran over|\
        the bus braked hard|nobody answered|the alarm went off|visitors arrived|it got dark|\
        the screen froze|a stranger stared|the baby cried|rain set in|an invoice turned up|\
        the queue stopped moving|the results were late|the shift changed|a photo surfaced|\
        the team fell silent|a neighbor knocked|the kettle boiled over|the radio played that \
        song|the calendar filled up|a message stayed unread|the train stood still|the dog \
        barked|the boss walked in|the wine ran out|a date was cancelled|the keys went missing",
    ),
    (
        "object",
        "a blue notebook|the old cardigan|a cracked mug|the bread knife|a yellow folder|\
        the spare mattress|a shoebox of letters|the broken radio|a wool blanket|the toolbox|\
        an unopened envelope|the piano|a pair of boots|the house keys|a bus ticket|the recipe|\
        a stone from the beach|the wall calendar|a voicemail|the winter coat|a ring|the tent|\
        an empty chair|a list on the fridge|the garden gloves|a scratched record|the compass|\
        the alarm clock|a paper crane|the bicycle pump|an old passport|the tea tin|a candle",
    ),
    (
        "metaphor",
        "a fog|a held breath|a locked room|wading through mud|a radio between stations|\
        walking on a frozen pond|a kettle about to boil|a coat that is too heavy|a tide|glass|\
        a car in neutral|a house with the lights off|an exam without a subject|a tightrope|\
        a stone in the shoe|a film with the sound off|a cup filled to the brim|standing in line|\
        swimming against a current|a smoke alarm that goes off at toast|an unpaid debt|\
        a bruise somebody keeps pressing|a spinning top|a shut window|borrowed time",
    ),
    (
        "move",
        "put it down to|blamed|traced it to|linked it with|connected it to|set it against|\
        compared it with|was reminded of|kept thinking of|could not explain it without",
    ),
    (
        "cause",
        "poor sleep|the change of season|the anniversary|skipped meals|too much coffee|\
        the late shifts|an unkind remark|the empty apartment|the deadline|the news|a dream|\
        the visit|loneliness|overtime|the medication change|a cold|the heat|hope|old habits|\
        the contact with family|boredom|the pressure to be cheerful|noise|not asking for help|\
        saying yes too quickly|a run of good days|the exam|having nobody to tell|the new role",
    ),
    (
        "coped",
        "counted backwards|went outside|texted a friend|took the stairs|sat on the floor|\
        named five things in view|turned on the radio|washed the dishes|wrote it down|stayed put|\
        let the call go to voicemail|asked for a break|drank cold water|breathed out slowly|\
        walked around the block|waited it out|said no|said so out loud|hid in the restroom|\
        left early|canceled|scrolled for hours|went to bed in the afternoon|cleaned the oven|\
        picked a fight|agreed to everything|laughed it off|checked three more times|ate nothing|\
        drove home the long way|put the phone in a drawer|asked a direct question|cried|\
        finished the task anyway|used the card from our last session|phoned the helpline|\
        apologized without reason|made a list|lay awake|opened a window|stroked the cat",
    ),
    (
        "learned",
        "the wave passes by itself|a no did not end the friendship|others were busy too|\
        the fear had been bigger than the thing|rest is not laziness|anger can be said quietly|\
        asking is allowed|the first #2-10# minutes are the worst|silence is not rejection|\
        mistakes get noticed less than expected|the body calms down before the mind does|\
        being late once is survivable|some grief stays and that is fine|a plan helps most when \
        it is small|not every thought needs an answer|help came when it was asked for|\
        bad days end|the old rule no longer fits|two feelings can be true at once|\
        avoiding costs more than going|the good hours had been overlooked|nobody laughed",
    ),
    (
        "soft",
        "perhaps|so far|by and large|for now|on balance|in part|again|in hindsight|at least|\
        at first|to some extent|all the same|by %p own account|for the most part|this time",
    ),
];
