//! What the synthetic clients work on: for each theme, scenes, thoughts, answers to them,
//! methods and tasks.
//!
//! Nothing here comes from a real case.

/// One thing to work on.
pub(super) struct Theme {
    /// The instrument that follows its course.
    pub(super) instrument: &'static str,
    /// Noun phrases for the assessment.
    pub(super) problem: &'static str,
    /// What happens: clauses in the past tense without a subject.
    pub(super) scene: &'static str,
    /// What goes through the mind, as a quotation.
    pub(super) thought: &'static str,
    /// What could be thought instead.
    pub(super) answer: &'static str,
    /// What is done about it in the session.
    pub(super) method: &'static str,
    /// What is done about it at home: infinitives.
    pub(super) task: &'static str,
}

/// All themes.
pub(super) const THEMES: &[Theme] = &[
    Theme {
        instrument: "gad-7",
        problem: "generalized worry|chronic worry|anxious anticipation|worry about health and \
        money",
        scene: "rehearsed a phone call for <span>|checked the stove <often>|woke at <night> with \
        a \
            list of worries|asked <person> for reassurance <often>|put off opening the mail|\
            planned for #3-9# different disasters|could not leave <place> without checking|\
            read about symptoms for <span>|prepared far too much for <place>|lay awake over \
        <topic>",
        thought: "What if I miss something|If I stop worrying it will happen|I must be certain|\
            They will find out that I cannot cope|One mistake and it all falls apart|\
            I will be blamed for <topic>|Something is about to go wrong with <person>",
        answer: "I have handled surprises before|a worry is not a forecast|most of it never came|\
            I can decide tomorrow|not knowing is uncomfortable and not dangerous",
        method: "worry postponement|probability estimates|a worry tree|tolerance of uncertainty|\
            imaginal exposure to the feared outcome|sorting worries into solvable and not",
        task: "keep a fixed worry time of #10-30# minutes at <clock>|leave one mail unchecked|\
            write down #3-6# predictions and their outcome|hold back one request for reassurance|\
            leave for <place> without a second check",
    },
    Theme {
        instrument: "phq-9",
        problem: "depressed mood|a depressive episode|loss of interest|withdrawal and low drive",
        scene: "stayed in bed until #10-14#:#10-55#|let the dishes pile up for #2-6# days|turned \
        down an \
            invitation to <place>|sat in front of <object> for <span>|got as far as <place> and \
            turned back|managed <activity> <often>|skipped #2-5# meals|cried without knowing why|\
            answered none of #4-19# messages|dressed and went out to <place>",
        thought: "I am a burden to <person>|Nothing will change|Others manage, I do not|\
            It is not worth starting|I have wasted #2-9# years|I ought to be over this by now",
        answer: "a small step counts|moods follow actions too|I was tired, not lazy|\
            <person> asked to see me again|this week had #2-5# decent hours",
        method: "activity scheduling|graded tasks|a pleasure and mastery diary|behavioral \
        activation|\
            an experiment with getting up at <rise>|a review of the mood chart",
        task: "plan <activity> for #2-4# mornings|get up at <rise> on weekdays|rate pleasure \
        after \
            <activity>|answer one message a day|eat lunch away from <place>",
    },
    Theme {
        instrument: "phq-9",
        problem: "bereavement|prolonged grief|grief after a sudden death|the loss of a parent",
        scene: "found <object> in <place> and froze|set the table for one too many|visited the \
            grave <day>|heard the voice on an old recording|gave away <object>|avoided <place>|\
            told a funny story about the deceased to <person>|dreamed of the hospital corridor|\
            spent <span> over the photographs|could not sign the papers about <topic>",
        thought: "I should have called that day|If I laugh I betray them|Everybody else moved on|\
            I will forget the voice|There was something I did not say",
        answer: "missing them is part of loving them|I did what I knew then|joy is no betrayal|\
            I can carry this and also go to <place>",
        method: "an imaginal conversation|the two-track model of grieving|a letter to the \
        deceased|\
            revisiting the story of the last day|sorting belongings in pictures",
        task: "write #5-15# lines of the letter|look at #2-6# photographs with <person>|plan the \
            anniversary|visit <place> in company|choose what to do with <object>",
    },
    Theme {
        instrument: "gad-7",
        problem: "panic attacks|panic with avoidance|fear of fear|agoraphobic avoidance",
        scene: "had a panic attack in <place> that lasted <span>|got off #1-4# stops early|\
        carried a \
            water bottle everywhere|noticed <body> and sat it out|stood near the exit of <place>|\
            rode the elevator to floor #3-14#|called <person> from <place>|drove #5-40# miles \
        alone|\
            went to <place> without the tablet in the pocket",
        thought: "My heart will give out|I am going to faint|Everyone is watching|\
            I will lose control in <place>|I must get out now",
        answer: "the peak lasted #2-9# minutes|fear is loud and harmless|I have never fainted|\
            I can stay and see",
        method: "interoceptive exposure|hyperventilation for #40-90# seconds|spinning on the \
        chair|\
            a hierarchy with #6-12# steps|dropping safety behaviors one at a time",
        task: "ride the bus #2-6# stops daily|stay in <place> until the fear has halved|breathe \
            through a straw for #30-60# seconds|stand in the middle of <place>|log each wave",
    },
    Theme {
        instrument: "pcl-5",
        problem: "post-traumatic stress|intrusive memories of the accident|hyperarousal after \
        assault",
        scene: "woke from a nightmare at <night>|jumped when <event>|took a detour around <place>|\
            smelled smoke that was not there|sat with the back to the wall in <place>|lost <span> \
            to a flashback|told <person> a part of it|slept with the light on <often>|drove past \
            the spot and <coped>",
        thought: "It was my fault|I am never safe|I should have fought|People cannot be trusted|\
            It will come back",
        answer: "I froze because bodies freeze|that was then and this is <place>|I got out alive|\
            the one who did it is to blame",
        method: "narrative exposure|updating the hot spots|stimulus discrimination|grounding in \
        five \
            senses|a trauma timeline|imagery rescripting|EMDR, set #3-9#",
        task: "read the account aloud <often>|practice then-versus-now near <place>|use grounding \
            when <event>|list stuck points on one page",
    },
    Theme {
        instrument: "gad-7",
        problem: "obsessive-compulsive symptoms|checking and doubt|contamination fears|mental \
        rituals",
        scene: "washed for <span> after <place>|drove back to check the road|counted to #4-40# at \
            every door|asked <person> to confirm it <often>|threw out <object>|touched the rail \
        in \
            <place> and did not wash|repeated the sentence until it felt right|resisted <often>",
        thought: "If I do not check, <person> will come to harm|A thought like that means \
        something|\
            It has to feel right|I may have hurt somebody in <place>",
        answer: "a thought is a thought|doubt is the symptom|the urge went from #6-9# to #1-4#|\
            certainty is not on offer",
        method: "exposure with response prevention|a loop tape|delaying the ritual by #5-30# \
        minutes|\
            labelling obsessions|a contract with the family on reassurance",
        task: "touch <object> and wait #10-60# minutes|lock up once and leave|send the message \
            without rereading|log urges and delays",
    },
    Theme {
        instrument: "gad-7",
        problem: "social anxiety|fear of being judged|fear of speaking in groups|blushing",
        scene: "kept silent in <place>|rehearsed one sentence for <span>|ate lunch in the car|\
        gave a \
            talk of #4-20# minutes|looked up when <event>|asked a question in <place>|declined to \
            eat in front of <person>|replayed the chat with <person> for <span>|said hello first",
        thought: "They can see that I shake|I sound stupid|They are only being polite|\
            I will blush and <person> will comment",
        answer: "most people look at their phones|a pause is not a disaster|nobody remembered it|\
            I would not judge <person> for it",
        method: "video feedback|shifting attention outward|a survey with #5-12# strangers|role \
        play|\
            an experiment with a deliberate blunder",
        task: "ask #2-5# strangers for the time|speak first in <place>|hold eye contact at \
        <place>|\
            drop one safety behavior with <person>",
    },
    Theme {
        instrument: "k6",
        problem: "exhaustion at work|burnout|overcommitment|adjustment to a new job",
        scene: "worked until <clock>|answered mail on a day off|took over the roster from \
        <person>|\
            forgot <object> at <place>|cried in <place>|said no to <topic>|left at <clock> for \
        once|\
            went to work with a fever|fell asleep in <place>|booked #3-12# days of leave",
        thought: "If I do not do it nobody will|I am only worth what I deliver|Rest has to be \
        earned|\
            <person> thinks that I am slacking",
        answer: "the place ran without me|good enough was enough|my limits are information|\
            a task can wait until <clock>",
        method: "a map of demands and resources|values work|assertiveness training|a pie of \
            responsibility|a cost-benefit sheet on perfectionism",
        task: "leave by <clock> on #2-4# days|say no once to <person>|take lunch at <place>|\
            hand one task to <person>|switch off mail from <clock>",
    },
    Theme {
        instrument: "k6",
        problem: "relationship conflict|separation|mistrust after an affair|patterns in closeness",
        scene: "had <clash> with <person> about <topic>|slept on the sofa <often>|read old \
        messages \
            for <span>|spoke for <span> without shouting|packed a bag and stayed|saw the \
        ex-partner \
            in <place>|moved <object> into the spare room|met for <activity>|proposed a break",
        thought: "If I show need I will be left|It always ends like this|I have to guess what \
        they \
            want|Love means never being alone",
        answer: "I can ask instead of testing|distance was tiredness, not rejection|\
            we were both frightened|a quarrel about <topic> can stop at <topic>",
        method: "a circle of pursuit and withdrawal|chair work|listening in turns|the attachment \
            history|a letter that will not be sent",
        task: "take turns listening for #5-15# minutes|name one need to <person>|pause a quarrel \
        for \
            #10-40# minutes|write what was good about <day>",
    },
    Theme {
        instrument: "k6",
        problem: "insomnia|early waking|an irregular sleep rhythm|fear of sleeplessness",
        scene: "lay awake from <night> to <night>|napped for <span>|slept #3-7# hours and <coped>|\
            watched the clock until <night>|got up and read in the kitchen|went to bed at <bed>|\
            kept the sleep window on #2-6# nights|drank coffee at <clock>|moved <object> out of \
        the \
            bedroom",
        thought: "Without eight hours I cannot function|Tonight will be as bad|I am damaging my \
        brain|\
            I have to make up for it",
        answer: "a bad night makes a tired day and no more|sleep comes when it is not chased|\
            I did well on #4-6# hours",
        method: "sleep restriction|stimulus control|a review of the sleep diary, efficiency \
        #62-91# \
            per cent|paradoxical intention|winding down without a screen",
        task: "get up at <rise> every day|stay up until <bed>|keep the diary|no naps after \
        <clock>|\
            leave the bed after #15-30# minutes awake",
    },
    Theme {
        instrument: "k6",
        problem: "strain as a parent|conflict with an adolescent|shared custody|guilt about \
        parenting",
        scene: "shouted at <person> over <topic>|sat on the edge of the bed and listened|waited \
        at \
            <place> for <span>|lost the thread when <event>|found <object> in the school bag|\
        agreed \
            new rules on <topic>|missed the recital|handed over at <place> without a word|\
            did <activity> with the children",
        thought: "I am turning into my father|A good mother would not feel this|They prefer the \
        other \
            home|I have ruined <day>",
        answer: "repair matters more than perfection|anger is not neglect|the teenager came back \
        to talk|\
            I can be firm and kind",
        method: "a functional analysis of one evening|praise and planned ignoring|mentalizing the \
            child's view|a family sculpture with <object>",
        task: "give #10-20# minutes of undivided time|name one thing that <person> did well|\
        agree on \
            #2-3# house rules|step out of the room when it rises above #6-8#",
    },
    Theme {
        instrument: "k6",
        problem: "health anxiety|fear of serious illness|body checking|worry after a diagnosis",
        scene: "measured the pulse <often>|saw a #2-4#th doctor|searched for <body> until <clock>|\
            felt <body> in <place>|put off the scan|asked <person> to look at a mole|read the \
        leaflet \
            <often>|went #2-6# days without checking",
        thought: "This time it is real|Doctors overlook things|If I do not check I will miss it|\
            <body> must mean something",
        answer: "bodies make noise|#3-7# tests were clear|checking makes it sore|\
            I can wait #2-4# weeks and see",
        method: "a diary of checking|theory A against theory B|attention training|a survey of \
            harmless causes of <body>",
        task: "check only at <clock>|close the browser after #2-5# minutes|postpone the call to \
        the \
            doctor by #2-7# days|do <activity> in spite of <body>",
    },
    Theme {
        instrument: "phq-9",
        problem: "low self-worth|harsh self-criticism|shame|a pattern of pleasing others",
        scene: "apologized <often> in <place>|compared <object> with that of <person>|deleted the \
            application|accepted a compliment from <person>|said what %s wanted at <place>|redid \
        the \
            work of #2-6# hours|agreed to <topic> against %p will|looked in the mirror for <span>",
        thought: "If they knew me they would leave|I am too much|I am not enough|\
            Other people's needs come first",
        answer: "I would never speak to <person> like that|being liked by all is not the job|\
            a mistake at <place> is not a verdict",
        method: "compassionate imagery|a historical test of the core belief|two-chair work|a \
        positive \
            data log|continuum work on worth",
        task: "note #2-4# things that went well|ask <person> for a favor|answer the critic in \
        writing|\
            leave one thing unfinished|wear what %s likes to <place>",
    },
    Theme {
        instrument: "k6",
        problem: "persistent pain and its limits|adjustment to chronic illness|fatigue|boom and \
        bust",
        scene: "did too much <day> and paid for #2-5# days|lay on the floor of <place>|canceled \
        <activity>|\
            paced the housework in blocks of #10-25# minutes|snapped at <person> when <event>|\
        walked \
            #200-1900# yards|gave up the parking space near <place>|had <body> for <span>",
        thought: "My body has betrayed me|Nobody believes me|If I rest I lose ground|\
            I used to be able to",
        answer: "hurt is not harm|half the garden is still a garden|pacing is a skill|\
            <person> did not mind the slower pace",
        method: "pacing with a timer|acceptance and values|a pain-and-activity graph|defusion \
        from \
            the sentence about the old life",
        task: "stop <activity> at #60-80# per cent|plan #3-5# rests|walk #5-25# minutes whatever \
        the \
            day|tell <person> one limit",
    },
    Theme {
        instrument: "k6",
        problem: "anger outbursts|irritability|conflict at work|difficulty with limits",
        scene: "slammed <object> on the counter|counted to #10-60# and left <place>|wrote and \
        did not \
            send #2-5# messages|shouted from the car|had <clash> with <person> over <topic>|\
        noticed \
            <body> before it broke out|apologized to <person> after <span>|walked off at <clock>",
        thought: "They do it on purpose|If I let it pass I am weak|Nobody respects me in <place>|\
            I have to put that right at once",
        answer: "there is hurt under it|I can be clear without being loud|<person> was late, not \
        hostile|\
            a pause costs nothing",
        method: "an anger thermometer|rehearsal of one calm sentence|the chain of events of <day>|\
            perspective taking with <person>",
        task: "leave at a #5-7# on the thermometer|rehearse the sentence <often>|log sparks and \
        fuel|\
            run for #15-40# minutes after work",
    },
    Theme {
        instrument: "k6",
        problem: "a life transition|homesickness after moving|retirement|leaving home|a new role",
        scene: "unpacked #2-11# boxes|got lost near <place>|phoned home for <span>|joined a \
        group for \
            <activity>|ate alone <often>|hung up <object>|told <person> about the move|walked \
        through \
            the new district until <clock>|signed up for <activity>",
        thought: "I do not belong here|It was a mistake|I am too old to start again|\
            Everyone already has friends",
        answer: "roots take a season|it was new there once as well|#1-3# people now know my name|\
            I may miss it and stay",
        method: "a life line with <object>|values in #4-8# domains|rehearsing small talk|a map of \
            support|problem solving in #5-7# steps",
        task: "greet #2-4# neighbors|try <activity> once|write home about <place>|find a regular \
            table at <place>|invite <person>",
    },
];
