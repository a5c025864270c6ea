//! Sentences of synthetic notes, by part and by how the week went.
//!
//! The first letter is made a capital and a full stop is added where they are drawn. Nothing
//! here comes from a real case.

/// Sentences, by the name under which the note asks for them.
pub(super) const POOLS: &[(&str, &str)] = &[
    // Subjective.
    (
        "open.better",
        "%s came in <good> and {said|reported} the {week|time since <since>} had been <degree> \
            {easier|kinder|less crowded|quieter}|\
        {a|quite a|one more} {good|steadier|brighter} stretch {since last time|of #3-12# days}: \
            <often> %s <scene>|\
        %s {arrived|turned up|was here} #2-9# minutes early and <degree> <good>|\
        {began|started} {with good news|by smiling}: <day> %s <scene>|\
        mood <degree> {better|lifted|brighter}, <rating>; %s <move> <cause>|\
        %s {wanted to|was eager to} tell how, <day>, %s <coped> {at|in} <place>|\
        {felt|has felt} <good> on #3-6# of 7 days, <good> even in <place>|\
        \"{It is|Things are} {slowly|really|a bit} {lighter|turning|moving},\" %s said {of|about} \
            <topic>",
    ),
    (
        "open.same",
        "{little|not much|nothing essential} {new|has changed} since <since>; mood <rating>, \
        <bad> \
            {mostly|in the evenings}, <good> in between|\
        %s {described|called} the week {as|} {mixed|up and down|so-so|like <metaphor>}|\
        a {mixed|patchy|changeable} week: <good> <day>, <bad> {again|} <day>|\
        %s {came|arrived} straight from <place>, <degree> <bad>, and {needed|took} <span> to \
        {land|\
            settle}|\
        {began|started} with <topic>, then {turned|moved on} to how %s <scene>|\
        {between|caught between} {feeling|being} <bad> and <good>, %s <coped> <often>|\
        {no change|unchanged} {in|as to} sleep; mood around #3-6#, <degree> <bad> {when|whenever} \
            <event>|\
        \"{Same as ever|Up and down|So-so},\" %s said, {and|then} {pulled out|put down|looked \
        for} \
            <object>",
    ),
    (
        "open.worse",
        "%s {came in|arrived} #3-15# minutes late, <bad> and <bad>|\
        a {hard|rough|bad|long} week, {mood|low point} <rating>; <day> %s <scene>|\
        %s felt <bad> {again|more often} {since|ever since} <clash> with <person>|\
        {set back|a setback} <day>: <event>, and %s <coped>|\
        %s {described|compared} the {days|evenings} {as|with} <metaphor>, <degree> worse than \
            {before|last time}|\
        \"{I am|I feel} <bad> {and|, mostly} <bad>,\" %s said {at once|in the doorway|after a \
        pause}|\
        {began|started} <bad>: <person> {had|has} not {called|answered|come}, and %s <scene>|\
        mood {down|fell} to #1-4# {after|following} <clash> over <topic>",
    ),
    (
        "scene",
        "<say> {how|that} %s <scene> <day>, <because> <event>|\
        <day> %s <scene>; <soft> %s {felt|was} <bad>, {later|afterwards} <good>|\
        %s <scene>, <when> <event>, {with|and had} <body> for <span>|\
        {in|at} <place> %s noticed <body> and <coped>; {it took|over within} <span>|\
        <say> <clash> with <person> {over|about|on account of} <topic>; %s <coped>, {then|and} \
        <coped>|\
        <person> {had|has} {asked about|commented on|brought up|dismissed|forgotten} <topic>, \
        and %s \
            {felt|was} <degree> <bad>|\
        %s <said> %s had <often> <scene>, {most|worst|last} <day>, {at|around} <clock>|\
        <when> <event>, %s <coped>, {though|but|and} <person> {helped|stayed|did not notice|was \
        kind|\
            kept talking|looked away}|\
        <soft> %s {managed|dared|tried} <activity> with <person>, <rating>, {and|then} {was|\
        felt} <good>|\
        {found|kept|carried|put away|lent <person>} <object>; <said> it {stood for|was about|\
        hinted \
            at} <topic>|\
        %s {likened|compared} it to <metaphor>: <bad> {first|outside}, <bad> {underneath|behind \
        it}|\
        <say> <span> {in|at|near} <place>, <degree> <bad>; %s <move> <cause>|\
        {a|one} {dream|memory|picture} {of|about} <object> in <place> {came back|returned} \
        <often>|\
        <topic> {is|was} {still|once more|} {open|a sore point|undecided|on %p mind} <because> \
            <person> {wants|wanted|needs|expects} {an answer|more time|the opposite|peace|to \
        know}|\
        {told|wrote to|met|avoided|visited|thanked} <person> <day> and {felt|was} <good>, <link> \
            <degree> <bad> {by|until} <clock>|\
        %s {had|made} {plans|an appointment} for <activity>, <link> <event> and %s <coped>",
    ),
    (
        "thought",
        "\"<thought>\" (#30-99#) <when> <event>; {answer|reply}: \"<answer>\" (#10-90#)|\
        \"<thought>,\" {again|mostly} <day>, {belief|conviction} <rating>|\
        {in|at} <place>: \"<thought>\" (#20-99#), <body>|\
        {hottest|worst} thought {today|this week}: \"<thought>\" {at|around} <clock>, <bad>|\
        {could|did} answer \"<thought>\" with \"<answer>\", <good>|\
        {wrote|noted} <clock>: \"<thought>\" #30-95#, {beside it|below}: \"<answer>\" #10-80#|\
        {behind|under} <topic>: \"<thought>\" (#20-95#), {so|and} %s <coped>",
    ),
    (
        "sleep.better",
        "slept #6-8# hours on #3-6# nights, <object> {by|next to} the bed; {up at|awake by} \
        <rise>|\
        sleep <degree> better, {asleep by|lights out} <bed>, up <rise>, {dreamed|dreams} of \
        <noun>|\
        {#1-2#|few} bad nights; woke <night> and <coped>|\
        {appetite|eating} back ({<noun>|<thing>}, <clock>); #6-8# hours, <degree> <good>",
    ),
    (
        "sleep.worse",
        "slept #3-5# hours, awake {<night> to <night>|from <night>}, {heard|thought of} <det> \
        <thing>|\
        sleep broken: <night>, <night>, {last|finally} <night>, <body>; <coped>|\
        {no|little} appetite, {down|lost} #2-6# pounds; {settled|asleep} after <night>, <bad>|\
        a nightmare {of|about} <object> and a <adj> <noun> <day>, up from <night>; <coped>|\
        {lay|stayed} awake over <topic>, {counted|sorted|listed} {<noun> and <noun>|<det> \
        <thing>} until <night>",
    ),
    (
        "home.done",
        "{home task|the task}: <lasttask>; {did|managed} it <often>, {effect|difficulty} <rating>|\
        {task|practice} {done|kept} <often>, {best|hardest} {in|at} <place> (<rating>); {found|\
        learned}: <learned>|\
        {brought|showed} {the sheet|notes}: <noun> #1-9#, <noun> #1-9#, <thing> #1-9#; {found|\
        learned}: <learned>|\
        {tried|took up} the plan <day>; {with|near} <object> it {helped|held}, <good>, <rating>",
    ),
    (
        "home.open",
        "home task (<lasttask>) {half|partly} done: <event>, %s <coped>|\
        {task|practice} {skipped|put off} <because> of <cause>, <bad>; {once|only} {in|at} \
        <place>, <rating>|\
        {forgot|avoided} the {task|plan}, <bad>; {did|chose} <activity> instead|\
        {tried|began} <day>, {stopped|gave up} after <span>: <body>, \"<thought>\"",
    ),
    (
        "people",
        "<person> {backed off|came closer|was supportive|kept away} since <topic>; %s {feels|is} \
        <good>, {also|and} <bad>|\
        {with|from} <person> {again|once more} <clash>, {over|about} <topic>; %s <coped>, <bad>|\
        {company|support}: <activity> with <person>, {<span>|<minutes>}, <good>|\
        {asked <person> for help with|told <person> about|kept from <person>} <topic>: <good>, \
        <body>|\
        {at|in} <place> <person> {praised|teased|ignored|hugged|interrupted} %o: <bad>, {later|\
        then} <good>",
    ),
    (
        "quote",
        "\"<answer>,\" {as|was how} %s put it, <good>|\
        \"<thought>, {but|and yet|then again} <answer>,\" %s <said>|\
        {what|the thing that} stays: <learned> (#2-10#)|\
        %s <said> that <learned>, <rating>",
    ),
    // Objective.
    (
        "look",
        "{on time|#2-8# minutes late|early}; {dress|clothing} <plain>, {posture|sat} <plain>, \
        <bad> then <good>|\
        {came|arrived} with <object> and <object>; eye contact <rating>|\
        {looked|appeared} <bad>, {holding|turning|stroking} <object>; <body>|\
        {hands|feet|gaze} {on|near} <det> <thing>, {later|then} {still|restless}; <good> when \
        <event>|\
        {groomed|shaved|dressed} {less|more} carefully than {last time|before|last month|at the \
        start}; {smelled|smell} of {coffee|\
        smoke|soap|paint|rain|onions|cigarettes|mint}|\
        {wore|had on} {a|the} <plain> <thing>; {alert|awake}, {oriented|clear}, <bad>",
    ),
    (
        "affect",
        "affect <bad> {to|then} <good>, {range|movement} {full|narrow}; {smiled|laughed} at \
        <topic>|\
        {tearful|wept} {briefly|<minutes>} at <topic>, {then|afterwards} <good>|\
        mood <rating>, {shows|seen as} <bad>; {more|less} {lively|guarded} than {last time|\
        before|last month|at the start}|\
        {laughed|sighed|frowned|paused} {at|over} <person> and <topic>; {voice|tone} {soft|firm|\
        hoarse|clear|quick}",
    ),
    (
        "speech",
        "speech {slow|quick|quiet|halting|fluent}, {thoughts|thinking} {linear|circling} around \
        <topic>|\
        {attention|focus} <minutes>, then {lost to|drawn to} <topic>; {insight|judgment} {good|\
        fair|growing}|\
        {restless|calm|slowed} <when> <topic> came up; {memory|recall} of <object> {intact|\
        patchy}|\
        {psychotic signs|delusions}: none; {searched for words|fell silent} at <topic>, <body>",
    ),
    (
        "did",
        "we {worked|spent <minutes>} on {the scene in|what happened at} <place> with <method>; \
        distress \
            <rating>, {afterwards|at the end} #1-4#|\
        {introduced|continued|practiced|reviewed|repeated} <method>; %s {took part|engaged} \
        {fully|\
            hesitantly|with humor|actively|after a pause}|\
        {used|tried} <method> on \"<thought>\"; belief {fell|went|dropped} from #60-95# to \
        #15-55#|\
        {role play|rehearsal}: a talk with <person> about <topic>, #2-5# {rounds|takes}, {louder|\
        calmer|\
            clearer} each time|\
        {drew|mapped|sketched} the {cycle|chain}: <event>, <body>, \"<thought>,\" then %s <coped>|\
        {guided|led} {an exercise|imagery} of <minutes>; {named|noticed} <body>, {later|then} \
        <good>|\
        {psychoeducation|explained}: why <learned>; {linked|related} it to <place> and <person>|\
        {measured|took} #3-5# ratings during <method>: #6-9#, #5-7#, #3-6#, #1-4#",
    ),
    (
        "risk",
        "risk: {none|no suicidal thoughts|no intent, no plan}; {protective|holds %o}: <person>, \
        <activity>|\
        {safety|crisis} plan {reviewed|known}: <activity>, <place>, <person>; {nothing|no \
        thoughts of death} since \
            <since>|\
        {passive|fleeting} {wish|thought} to be gone <day>, {no intent|no plan}; {will call|\
        holds on to} <person>, \
            <thing>|\
        {no danger|safe} {today|at present}: {looks forward to|plans} <activity>, <topic> with \
        <person>",
    ),
    // Assessment.
    (
        "course",
        "<problem>, {mild|moderate|improving|fluctuating|partly remitted}: <bad> <often>, <good> \
        {in|at} <place>|\
        {in keeping with|fits} <problem>; {in|at} <place> <degree> {better|limited|stable|\
        regained}, <rating>|\
        {progress|movement} {slow|steady|uneven|clear} {on|with} <activity>; still <bad> when \
        <event>|\
        {response to|benefit from} <method> {good|partial|emerging}; {carried over to|pending \
        in} <place>|\
        {symptoms|distress} {down|up|unchanged} since <since>: <body>, <bad>, {less|more} <topic>",
    ),
    (
        "formulation",
        "{the sequence|what maintains it}: <event>, \"<thought>,\" <body>, and then %s <coped>, \
        {which|and \
            this} {keeps|kept} it going|\
        <cause> {and|together with} <topic> {act|seem to act|look} as {triggers|amplifiers}; {in|\
        at} <place> \
            {less so|most of all|hardly}|\
        {underneath|behind} the {anger|worry|silence|jokes} {about|over} <topic> {seems|appears} \
        to lie a \
            fear of {being left|failing|being seen|losing <person>|being a burden|needing \
        someone}|\
        {being|feeling} <bad> with <person> {repeats|echoes} an early rule: \"<thought>\"|\
        {new|noteworthy|encouraging}: %s <coped> <when> <event>, {instead of|where before|not} \
        {running|freezing|giving in|keeping quiet|checking|arguing}|\
        {between us|in the room}: %s {checked|asked|feared} whether I was <bad>; {naming|saying} \
        it {helped|\
            eased <body>|opened <topic>}|\
        {strengths|resources}: <activity>, <person>, humor, {and|also} that %s <scene> {all the \
        same|} <day>|\
        {the work|grief|change} {around|over} <topic> {is|remains} {central|unfinished|\
        ambivalent}: <answer>, \
            <link> \"<thought>\"",
    ),
    (
        "judge",
        "{necessity|indication}: <problem> {impairs|limits} {work|sleep|parenting|contact} \
        ({<topic>|<place>})|\
        {alliance|cooperation} {good|solid|strained by <topic>}; motivation <rating>, <good>|\
        {prognosis|outlook} {fair|good|guarded} {if|provided} <person> and <activity> {hold|stay|\
        help}|\
        goal #1-4# ({return to|bear|enter} <place>) at #20-90# per cent; {next|then} <place>|\
        {watch|mind} <body>, {alcohol|sleep|weight} and <cause>",
    ),
    // Plan.
    (
        "task",
        "{home|task}: <nexttask>; if <event>: \"<answer>\"|\
        {will|agreed to|chose to} <nexttask>, {first|start} <day>, {confidence|likelihood} \
        <rating>|\
        {agreed|set}: <nexttask>, {and|also} <activity>, <clock>|\
        {homework|until next time}: <nexttask>; {record|note} <body> and \"<thought>\"",
    ),
    (
        "next",
        "next {time|session}: <method>, {starting|beginning} {from|with} <place>|\
        {continue|go on with|deepen} <method>; {prepare|bring} <object>|\
        {return|come back} to <topic> and {the idea|what it means} that <learned>|\
        {if|should} {mood|sleep} {drop|worsen}, {call|ring} before <clock> {or|, otherwise} {ask|\
        tell} <person>|\
        {plan|rehearse} the {talk|meeting} with <person> {about|on} <topic> in #2-3# steps|\
        {invite|consider inviting} <person> {to|for} one {session|part of it}, {subject|theme}: \
        <topic>|\
        {repeat|fill in} the measure in #2-5# weeks; {review|check} goal #1-4#|\
        {add|shift} {exposure|practice} in <place>, {from|at} #3-6# {up|} to #6-9# {of|on} the \
        ladder|\
        {letter|coordination}: {ask|with consent, write to} {the family doctor|<person>} {about|\
        regarding} \
            <body>|\
        {keep|hold} the {weekly|present} {rhythm|interval}; {crisis line|emergency numbers} \
        {repeated|given \
            again|in hand}",
    ),
];
