//! Open word classes for synthetic notes: dreams, associations and descriptions draw on them.
//!
//! They are wide on purpose. Text from a narrow grammar compresses far better than what people
//! write, and figures for storage would flatter.

/// Words, by the name under which templates ask for them.
pub(super) const POOLS: &[(&str, &str)] = &[
    (
        "noun",
        "harbor|lamp|gravel|ladder|wool|ferry|orchard|kettle|sparrow|needle|thunder|\
        ribbon|copper|velvet|anchor|mirror|chimney|pebble|lantern|saddle|basket|feather|\
        blanket|window|engine|garden|bridge|tunnel|island|desert|glacier|meadow|canyon|\
        valley|volcano|river|button|zipper|collar|sleeve|pocket|buckle|thread|fabric|curtain|\
        carpet|cushion|mattress|drawer|shelf|hinge|doorknob|staircase|railing|gutter|attic|\
        cellar|pantry|hallway|porch|hammer|chisel|pliers|bucket|shovel|rake|wheelbarrow|hose|\
        scissors|stapler|envelope|stamp|pencil|eraser|ruler|compass|notebook|calendar|clock|\
        whistle|drum|trumpet|cello|flute|violin|banjo|organ|choir|melody|rhythm|silence|echo|\
        shadow|mist|drizzle|hail|frost|icicle|snowdrift|puddle|rainbow|sunset|moonlight|\
        comet|planet|orbit|rocket|satellite|antenna|radio|battery|cable|switch|socket|fuse|\
        bulb|candle|match|ember|ash|smoke|furnace|oven|skillet|ladle|spoon|platter|teacup|\
        thermos|jar|bottle|cork|barrel|crate|parcel|suitcase|backpack|umbrella|raincoat|\
        boots|sandal|slipper|scarf|mitten|helmet|goggles|bracelet|locket|brooch|coin|wallet|\
        ticket|receipt|ledger|voucher|banner|flag|poster|statue|fountain|bench|lamppost|\
        crosswalk|sidewalk|alley|plaza|market|stall|awning|butcher|bakery|pretzel|bagel|\
        pancake|waffle|honey|butter|cinnamon|pepper|garlic|onion|carrot|radish|cabbage|\
        spinach|lettuce|tomato|pumpkin|cherry|apricot|walnut|almond|chestnut|acorn|birch|\
        maple|willow|spruce|cedar|ivy|moss|fern|clover|thistle|poppy|tulip|lilac|lavender|\
        rosemary|sage|mint|beetle|cricket|firefly|moth|wasp|spider|snail|lizard|turtle|\
        salamander|heron|swan|goose|owl|raven|magpie|falcon|pigeon|rooster|pony|donkey|goat|\
        lamb|badger|otter|beaver|hedgehog|squirrel|fox|wolf|bear|whale|dolphin|seal|herring|\
        trout|lobster|oyster|shell|driftwood|lighthouse|pier|rope|sail|rudder|paddle|canoe|\
        raft|life vest|tractor|combine|barn|silo|haystack|fence|gate|mailbox|driveway|garage|\
        scooter|tricycle|carousel|swing|seesaw|sandbox|kite|marble|puppet|puzzle|domino|dice|\
        chessboard|yo-yo|skateboard|sled|skis|rink|trophy|medal|scoreboard|stadium|locker|\
        towel|sponge|soap|comb|toothbrush|faucet|bathtub|mop|broom|dustpan|bleach|laundry|\
        clothespin|ironing board|hanger|wardrobe|cradle|crib|pacifier|stroller|diaper|\
        blackboard|chalk|globe|microscope|beaker|magnet|telescope|syringe|bandage|crutch|\
        wheelchair|stethoscope|pill box|thermometer|waiting room|elevator|escalator|\
        revolving door|turnstile|conveyor|forklift|crane|scaffold|blueprint|brick|mortar|\
        plank|nail|screw|bolt|wrench|gearbox|exhaust|windshield|headlight|seat belt|\
        speed bump|detour|billboard|motel|campfire|tent|hammock|trail|summit|cliff|cave|\
        waterfall|swamp|dune|oasis|pyramid|temple|cathedral|steeple|bell|altar|pew|hymn|\
        psalm|passport|visa|border|customs|runway|cockpit|parachute|life raft|lifeguard|\
        whirlpool|tide|photograph|frame|canvas|easel|palette|brush|clay|kiln|vase|mosaic|\
        tapestry|loom|spindle|typewriter|keyboard|printer|folder|inbox|password|receipt book|\
        cash drawer|counter|shutter",
    ),
    (
        "thing",
        "lamp|ladder|kettle|ribbon|mirror|lantern|basket|blanket|window|engine|button|zipper|\
        collar|sleeve|pocket|buckle|thread|curtain|carpet|cushion|mattress|shelf|doorknob|\
        staircase|railing|attic|cellar|pantry|hallway|porch|hammer|chisel|bucket|shovel|rake|\
        wheelbarrow|stapler|envelope|stamp|pencil|eraser|ruler|compass|notebook|calendar|clock|\
        whistle|drum|trumpet|flute|violin|banjo|radio|cable|switch|bulb|candle|oven|skillet|\
        spoon|teacup|thermos|jar|bottle|crate|parcel|suitcase|backpack|umbrella|raincoat|\
        sandal|slipper|scarf|mitten|helmet|bracelet|locket|brooch|coin|wallet|ticket|receipt|\
        voucher|banner|flag|poster|bench|bakery|pretzel|bagel|pancake|waffle|tomato|pumpkin|\
        cherry|tulip|rosemary|paddle|tractor|gate|mailbox|garage|scooter|tricycle|swing|kite|\
        marble|puppet|puzzle|domino|chessboard|yo-yo|skateboard|sled|medal|scoreboard|towel|\
        sponge|comb|toothbrush|faucet|bathtub|broom|dustpan|clothespin|ironing board|hanger|\
        wardrobe|stroller|blackboard|bandage|pill box|thermometer|blueprint|wrench|hammock|\
        photograph|frame|easel|palette|brush|vase|tapestry|typewriter|keyboard|printer|folder|\
        receipt book|shutter|toaster|blender|freezer|dishwasher|washing machine|tumble dryer|\
        vacuum cleaner|light switch|doorbell|smoke detector|thermostat|radiator|water heater|\
        shower curtain|bath mat|bookshelf|armchair|sofa|footstool|rocking chair|bunk bed|\
        night lamp|desk|filing cabinet|whiteboard|projector|headset|webcam|charger|laptop|\
        tablet|invoice|contract|lease|warranty|insurance form|tax form|application|resume|\
        cover letter|pay slip|time sheet|name badge|uniform|apron|lunch box|coffee machine|\
        water cooler|bicycle|car seat|trailer|roof rack|spare tire|gas can|lawn mower|\
        hedge trimmer|sprinkler|compost bin|flower bed|raised bed|greenhouse|bird feeder|\
        dog leash|cat flap|fish tank|hamster cage|birthday cake|casserole|lasagna|salad bowl|\
        cutting board|rolling pin|measuring cup|oven mitt|tablecloth|napkin|guest list|gift|\
        greeting card|photo album|family tree|recipe book|diary|sketchbook|library book|\
        crossword|board game|deck of cards|stamp collection|record player|metronome|yoga mat|\
        dumbbell|tennis racket|soccer ball|swimsuit|sleeping bag|camping stove|fishing rod|\
        camera|tripod|travel guide|bus pass|parking permit|driver's license|prescription|\
        appointment card|hearing aid|pillow|duvet|bedsheet|bathrobe|hairbrush|razor|\
        sewing machine|quilt|wool sweater|house plant|christmas tree|wreath|garden shed|\
        front step|mailing list|group chat|voice message|spreadsheet|agenda|roster|key ring|\
        toolbox|paint can|wallpaper|floor tile|window frame|door handle|lock|basement shelf|\
        phone bill|rent receipt|train ticket|parking ticket|bank card|savings book|bread box|\
        soup pot|frying pan|cake tin|tea cup|coffee mug|water bottle|lunch bag|shopping list|\
        shopping cart|bus card|library card|name tag|door key|car key|desk lamp|floor lamp|\
        wall clock|alarm clock|wristwatch|earring|necklace|wedding dress|suit|tie|shirt|blouse|\
        skirt|hat|cap|glove|sock|handbag|gym bag|diaper bag|baby photo|school report|\
        homework sheet|math test|essay|class list|permission slip|swim bag|football|bike lock|\
        bike light|tool bag|drill|screwdriver|hammer drill|paint roller|cupboard|kitchen chair|\
        dinner table|garden chair|parasol|barbecue|grill|picnic basket|cool box|map|guidebook|\
        suitcase tag|hotel booking|flight|postcard|souvenir|birthday card|bouquet|picture|\
        curtain rail|blind|rug|doormat|letter|package|order|delivery|refund|bill|estimate|\
        quote|report|memo|slide deck|presentation|draft|proposal|plan|schedule|shift plan|rota|\
        meeting|interview|phone call|message|email|reply|reminder|poll|survey|form|\
        questionnaire|leaflet|booklet|novel|magazine|newspaper|radio play|podcast|playlist|\
        song|concert ticket|show|series|video game|puzzle piece|toy|doll|teddy bear|\
        building block|train set|kennel|leash|litter box|cage|aquarium|seedling|rose bush|\
        apple tree|hedge|lawn|flower pot|balcony box|watering can|compost heap|rain barrel|\
        shed door|garage door|front door|back door|bathroom tap|shower head|bath|towel rail|\
        medicine box|pill|ointment|knee brace|crutch tip|heating pad|hot-water bottle|\
        sick note|referral|second opinion|insurance card|pension letter|court letter|\
        custody plan|visiting plan|family photo|wedding album|ring box|urn|grave lantern|\
        condolence card|memorial",
    ),
    (
        "plain",
        "old|new|borrowed|broken|missing|heavy|small|large|spare|wrong|shared|cheap|\
        costly|damp|dusty|noisy|crooked|chipped|torn|faded|forgotten|unfinished|unpaid|\
        unopened|secondhand|rusty|squeaky|wobbly|dripping|stained|mended|promised|rented|\
        inherited|late|extra|big|little|ugly|favorite|precious|useless|expensive|homemade|\
        blue|green|gray|brown|red|yellow|white|black|striped|wooden|leather|woolen|plastic|\
        empty|full|locked|stuck|lost|stolen|returned|ruined|cracked|loose|tangled|frozen|\
        overdue|clean|dirty|sticky|half-painted|ancient|modern|tidy|messy|unused|worn|warm|\
        cold|fragile|sturdy",
    ),
    (
        "spot",
        "crowded|noisy|half-empty|drafty|narrow|bright|dim|cold|overheated|damp|dusty|\
        shabby|cheerful|gloomy|quiet|unfriendly|tidy|cluttered|familiar|unfamiliar|stuffy|\
        echoing|packed|deserted|busy|sunny|rainy|smelly|new|old|nearest|far|wrong|local|big|\
        small|rebuilt|closed|windy|foggy|snowed-in|dark|well-lit|cramped|spacious|elegant|\
        run-down|freshly painted|air-conditioned|waiting|lively|silent|modern|old-fashioned|\
        favorite|dreaded|usual|other|only|entire",
    ),
    (
        "gerund",
        "mending|painting|sorting|cleaning|drawing|photographing|repairing|polishing|\
        carving|oiling|decorating|organizing|sanding|sewing|measuring|tidying|watering|\
        planting|moving|building|wrapping|washing|ironing|folding|varnishing|assembling|\
        labeling|shopping for|borrowing|comparing|describing|looking after|playing with|\
        scrubbing|restoring|unpacking|choosing",
    ),
    (
        "verb",
        "mend|paint|sort|clean|draw|photograph|repair|polish|oil|decorate|organize|sand|\
        sew|measure|tidy|water|plant|move|build|wrap|wash|iron|fold|assemble|label|buy|\
        borrow|return|describe|look after|scrub|restore|unpack|choose|sell|give away|\
        throw out|bring|find|replace|cancel|finish|test|ask about|leave|hide|touch|carry|\
        put down",
    ),
    (
        "adj",
        "crowded|noisy|half-empty|drafty|familiar|narrow|bright|dim|cold|overheated|damp|dusty|\
        borrowed|brand-new|shabby|cheerful|gloomy|old-fashioned|quiet|unfriendly|tidy|cluttered|\
        faded|huge|tiny|crooked|golden|silver|crimson|pale|dark green|striped|checkered|wooden|\
        rusty|polished|scratched|chipped|torn|patched|folded|crumpled|sealed|locked|forgotten|\
        unfinished|abandoned|distant|foreign|local|ancient|modern|temporary|makeshift|elegant|\
        clumsy|fragile|sturdy|heavy|hollow|slippery|sticky|prickly|velvety|bitter|sour|salty|\
        sweet|\
        smoky|fragrant|stale|fresh|frozen|melted|boiling|lukewarm|windy|foggy|stormy|sunlit|\
        moonlit|\
        shadowy|endless|winding|steep|shallow|deep|bottomless|upside-down|mirrored|painted|\
        unpainted|\
        handmade|homemade|expensive|cheap|priceless|worthless|lucky|cursed|secret|public|private|\
        official|anonymous|nameless|mislabeled|wrong|perfect|ordinary|strange|curious|comical|\
        serious|solemn|silent|humming|buzzing|ticking|dripping|creaking|squeaky|muffled|deafening|\
        rhythmic|restless|sleepy|hungry|thirsty|stubborn|gentle|fierce|timid|bold|lonely|popular|\
        neglected|treasured|stolen|returned|lost|found|hidden|visible|transparent|blurred|sharp|\
        blunt|rounded|square|lopsided|symmetrical|spiral|flat|inflated|sunken|floating|drifting|\
        rotating|spinning|motionless|sudden|gradual|late|early|overdue|punctual|seasonal|yearly|\
        rain-soaked|snow-covered|flooded|scorched|mossy|leafy|bare|barren|fertile|overgrown|\
        fenced|\
        open|shut|bolted|ajar|barred|guarded|unlit|lamplit|neon|flickering|glowing|glittering|\
        dull|\
        matte|glossy|waxed|threadbare|knitted|woven|embroidered|quilted|leather|paper|plastic|\
        glass",
    ),
    (
        "verbed",
        "carried|followed|painted|buried|polished|dropped|chased|mended|weighed|measured|\
        counted|swallowed|planted|watered|folded|unfolded|hid|lost|found|stole|returned|sold|\
        bought|borrowed|smashed|glued|opened|locked|unlocked|guarded|ignored|greeted|praised|\
        scolded|photographed|sketched|erased|copied|signed|tore up|burned|froze|melted|boiled|\
        stirred|tasted|peeled|sliced|wrapped|unwrapped|shook|balanced|lifted|dragged|pushed|\
        pulled|\
        threw|caught|juggled|rolled|kicked|rowed|steered|parked|washed|ironed|dyed|knitted|\
        stitched|\
        unraveled|tied|untied|climbed|circled|crossed|fenced in|flooded|drained|swept|dusted|\
        decorated|labeled|sorted|stacked|scattered|gathered|inherited|auctioned|donated|broke|\
        repaired|dismantled|assembled|tuned|played|silenced|rang|lit|blew out|fed|tamed|rescued|\
        released|traded|mailed|posted|delivered|refused|accepted|examined|admired|mocked|blessed",
    ),
    (
        "adverb",
        "slowly|hastily|in silence|by accident|on purpose|without a word|backwards|at dawn|\
        after dark|underwater|in slow motion|barefoot|blindfolded|in uniform|repeatedly|in \
        vain|\
        gently|carelessly|reluctantly|eagerly|secretly|openly|clumsily|skillfully|at a distance|\
        upstairs|downstairs|out of order|under protest|for a bet|for nobody|just in time|too late|\
        far too early|in the rain|in bright light|behind glass|through a keyhole|by candlelight",
    ),
    (
        "manner",
        "with the windows open|before breakfast|in the rain|without the phone|in company|\
        alone|for the first time in months|on a whim|as planned|against the inner critic|at dusk|\
        instead of the television|after the late shift|with music|in the wrong shoes|\
        half-heartedly|\
        with real pleasure|until the hands were cold|in spite of the forecast|while the oven was \
        on|\
        next to <person>|near <place>|on three mornings|with <object>|from start to finish|slowly|\
        without counting|in small portions|to the end|on tiptoe|with a timer|in the back yard",
    ),
    (
        "trait",
        "strict|well-meaning|talkative|distant|loyal|impatient|retired|overworked|funny|\
        unpredictable|generous|blunt|anxious|estranged|sickly|new|shy|ambitious|forgetful|stern|\
        cheerful|grieving|sober|jealous|patient|critical|devoted|moody|practical|sensitive|proud",
    ),
    (
        "did.thing",
        "mended|painted|sorted|cleaned|moved|repaired|polished|oiled|decorated|\
        organized|sanded|measured|tidied|watered|planted|built|wrapped|washed|ironed|folded|\
        assembled|labeled|bought|borrowed|returned|described|dusted|scrubbed|restored|\
        unpacked|sold|found|replaced|canceled|finished|tested|praised|touched|carried|\
        dropped|packed|ordered|lent out|misplaced|forgot about|asked about|laughed about|\
        complained about|fixed|emptied|filled|opened|closed|searched|photographed|donated|\
        counted|kept|lost|blamed|mailed|paid for|argued about|waited for|looked for|\
        cried over|dreamed of|thanked %o for|picked up|put away|set up|insured|locked|\
        noticed|refused|remembered|shared|stacked|traded|warmed|weighed",
    ),
    (
        "made.method",
        "exposure to <det> <thing>|imagery of a <adj> <noun>|role play about <topic>|a letter to \
        <person>|\
        a drawing of <noun> and <noun>|chair work with <object>|a time line from <noun> to <noun>|\
        <gerund> <det> <thing> mindfully|a talk with the inner <noun>|a collage of <noun>, \
        <noun>, <noun>|\
        a #2-9#-step plan for <topic>|cards on <topic>|the story of <det> <thing>|a scale from \
        <noun> to <noun>",
    ),
    (
        "made.place",
        "the <thing> aisle|the <spot> corner by <det> <thing>|the <noun> exhibition|the <noun> \
        shop|\
        the room with <det> <thing>|the <spot> hall|the stand with the <noun>|the <adj> house of \
        <person>|\
        the path behind <det> <thing>|the course on <noun> and <noun>|the <spot> back yard",
    ),
    (
        "made.person",
        "the neighbor with <det> <thing>|the <trait> woman from <place>|the <trait> man from \
        <place>|\
        whoever <did.thing> <det> <thing>|the clerk with the <noun>|the <trait> stranger in \
        <place>|\
        the <trait> child with <det> <thing>|the <noun> seller|the <trait> friend who \
        <did.thing> <det> <thing>",
    ),
    (
        "det",
        "the|the|the|%p|%p|%p|that|this|%p <kin>'s|%p <kin>'s|the <owner>'s|the <owner>'s|%p old|\
        the other|the usual|a|a|one",
    ),
    (
        "kin",
        "mother|father|sister|brother|son|daughter|aunt|uncle|cousin|grandmother|grandfather|\
        partner|\
        niece|nephew|stepfather|stepmother|godfather|boyfriend|girlfriend|flatmate|boss|best \
        friend",
    ),
    (
        "owner",
        "neighbor|landlord|teacher|coach|doctor|colleague|plumber|school|clinic|choir|team|club|\
        bank|\
        court|office|daycare|tenant|dog|cat|baby|children|guests|tutor|cook|driver|supplier|\
        caretaker",
    ),
    (
        "made.topic",
        "<det> <plain> <thing>|<det> <thing>|<det> <thing> and <det> <thing>|a <plain> <thing>|\
        whose <thing> it is|<det> <thing> in <place>|who <did.thing> <det> <thing>|<det> <plain> \
        <thing>|\
        the price of <det> <thing>|whether to <verb> <det> <thing>",
    ),
    (
        "made.object",
        "a <plain> <thing>|<det> <thing>|<det> <plain> <thing>|a <thing> from <person>",
    ),
    (
        "made.metaphor",
        "a <adj> <noun>|a <noun> and no <noun>|a <noun> without a <noun>|a <adj> <noun>|\
        the <noun> before the <noun>|a <noun> in a <adj> <noun>|someone who <verbed> a <noun>",
    ),
    (
        "made.activity",
        "<gerund> <det> <thing>|<gerund> <det> <plain> <thing>|<gerund> a <thing>|\
        <gerund> <det> <thing> with <person>|<gerund> <thing> and <thing>",
    ),
    (
        "made.event",
        "<person> <did.thing> <det> <thing>|<det> <thing> broke|<det> <plain> <thing> went \
        missing|\
        someone <did.thing> <det> <thing>|<person> mentioned <det> <thing>|<det> <thing> was late|\
        <person> wanted to <verb> <det> <thing>|a <thing> arrived|<det> <thing> fell over",
    ),
    (
        "made.coped",
        "<did.thing> <det> <thing>|<did.thing> <det> <plain> <thing>|<did.thing> a <thing> \
        <adverb>|\
        tried to <verb> <det> <thing>|started to <verb> <object>|<did.thing> <det> <thing> twice",
    ),
    (
        "made.thought",
        "Why did I not <verb> <det> <thing>|If I <verb> <det> <thing>, it will be wrong|\
        Nobody <did.thing> <det> <thing> but me|<person> <did.thing> my <thing>|I cannot even \
        <verb> a <thing>|\
        They <did.thing> <det> <thing> because of me|I always <verb> <det> <plain> <thing>",
    ),
    (
        "made.answer",
        "<det> <thing> can wait|a <plain> <thing> is only a <thing>|I <did.thing> <det> <thing> \
        anyway|\
        <person> also <did.thing> a <thing>|one <thing> at a time|I may <verb> <det> <thing> \
        tomorrow",
    ),
    (
        "made.task",
        "<verb> <det> <thing> <often>|<verb> <det> <plain> <thing> with <person>|<verb> a \
        <thing> at <clock>|\
        let <person> <verb> <det> <thing>|<verb> one <thing> and stop|avoid <det> <thing> for \
        #2-6# days",
    ),
    (
        "made.scene",
        "<did.thing> <det> <plain> <thing> <adverb>|<did.thing> <det> <thing> of <person>|\
        wanted to <verb> <det> <thing> and <coped>|saw how <person> <did.thing> <det> <thing>|\
        spent <span> on <det> <plain> <thing>|dared to <verb> <det> <thing> in <place>|\
        <did.thing> <person>'s <thing> and <did.thing> <det> <plain> <thing>",
    ),
    (
        "made.cause",
        "<det> <plain> <thing>|a <thing> too many|<det> <thing> at <place>|the talk about <det> \
        <thing>",
    ),
    (
        "made.learned",
        "<det> <thing> can wait|<person> can <verb> <det> <thing> as well|a <plain> <thing> is \
        no disaster|\
        it is possible to <verb> a <thing> and feel <bad>|feeling <bad> leaves room for a <thing>",
    ),
    (
        "log",
        "{week|log|diary}: Mon <activity> #1-9#, Tue <topic> #1-9#, {Wed|Thu} <bad>, {Fri|Sat} \
        <good>|\
        {ladder|hierarchy}: <place> #20-35#, <place> #30-50#, <thing> #45-70#, <place> #70-95#|\
        {triggers|cues}: <thing> #10-99#, <noun> #10-99#, <place> #10-99#, <person> #10-99#|\
        {record|thought record}: <event>; <bad> #40-95#; \"<thought>\" #50-99#; <answer>; <bad> \
        #5-40#|\
        {list|wrote a list}: <thing> #1-9#, <plain> <thing> #1-9#, <noun> #1-9#, <topic>|\
        {pleasant|good} {moments|things}: <thing> #1-9#, <activity> #1-9#, <adj> <noun> #1-9#, \
        <person>|\
        <clock> <coped>; <clock> <noun> #10-99#; <clock> <bad>; <clock> <good>|\
        {urges|waves}: <clock> <noun> #10-99#, <clock> <thing> #10-99#, <clock> #5-60#; <coped>|\
        {words|notes} on the {board|sheet|card}: <noun> #1-9#, <noun> #1-9#, <bad>, <noun> \
        #1-9#, <good>|\
        {values|cards} {sorted|ranked}: <noun> #1-9#, <activity> #1-9#, <noun> #1-9#, <person> \
        #1-9#|\
        {pie|circle}: <person> #5-40#, <cause> #5-30#, <thing> #5-20#, <noun> #5-20#, %r the rest|\
        {map|sketch}: <person> #1-9#, <plain> <thing> #1-9#, {arrow|line} to <noun> and <noun>, \
        <topic>",
    ),
    (
        "words",
        "<noun>, <noun>, <noun>|<noun>, <thing>|<thing>, <adj> <noun>, <noun>|<bad>, <noun>, \
        <good>|\
        <noun>, <plain> <thing>, <noun>, <noun>",
    ),
    (
        "since",
        "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|the weekend|our last meeting|\
        the holiday|the #3-28#th|the change of roster|<det> <thing>|the visit|the call|last \
        month|June|\
        the spring|the talk with <person>|the trip|then|the last measure|the week before|the \
        start",
    ),
    (
        "minutes",
        "#5-45# minutes|#10-30# minutes|a good #5-20# minutes|#2-9# minutes, twice|half the hour",
    ),
    (
        "list",
        "<noun>, <noun>, <noun>|<noun>, <noun>|<noun>, <adj> <noun>, <noun>, <noun>|<adj> <noun>, \
        <noun>|<noun>, <noun>, <noun>, <noun>, <adj> <noun>",
    ),
    (
        "image",
        "dream {<day>|toward morning|about <clock>|retold}: a <adj> <noun> {in|near|behind|\
        above} <place>; \
            <person> <verbed> the <noun> <adverb>, {waking|woke|%s woke} <bad>|\
        dream {fragment|image}: %s <verbed> a <adj> <noun>, {then|while} <person> <verbed> \
        <object>; \
            {mood|feeling} <bad>, {then|almost} <good>|\
        {associations|free associations|what came to mind} to <topic>: <list>; {longest|a} pause \
        at <noun>|\
        {word|thought} chain: <noun>, <noun>, <noun>, <noun>; {last|then} <person>|\
        {memory|early memory|scene}, age #4-17#: <person> <verbed> {a|the} <adj> <noun> \
        <adverb>, {the smell \
            of|a taste of|the color of} <noun>|\
        {picture|drawing|sketch} {brought along|from home|made here}: <adj> <noun>, <noun>, a \
        <adj> <noun> \
            {in the corner|at the edge|in the middle|crossed out}|\
        {safe place|imagery}: <adj> <noun>, <adj> <noun>, {sound|scent} of <noun>; {calm|ease} \
        <rating>|\
        {grounding|senses}: {saw|sees} <list>; {heard|hears} <noun>; {touched|touches} <noun>|\
        {diary|mood log}: Mon #1-9#, Tue #1-9#, Wed #1-9#, Thu #1-9#, Fri #1-9#, Sat #1-9#, Sun \
        #1-9#; {best|\
            worst} with <activity>|\
        {log|record}: {<clock>, <noun>, #10-99#|<place> #20-95#}; {<clock>, <adj> <noun>, \
        #10-99#|<clock> <bad>}; \
            {<clock>, <body>, #10-99#|<clock> <good>}|\
        {chose|picked} the cards {of|with} <noun>, <noun> and <noun> {for|to stand for} \
        <person>, <topic> \
            and {%r|the fear|tomorrow}|\
        {inner critic|the critic} {today|this week}: {looks|sounds} like a <adj> <noun>; \
        {counter-image|\
            answer}: a <adj> <noun>|\
        {wrote|read out} a {line|verse|sentence} {about|on} a <adj> <noun> and <person>, who \
        <verbed> the <noun>",
    ),
];
