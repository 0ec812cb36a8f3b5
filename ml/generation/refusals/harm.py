"""Advice that may harm, whether or not it is meant well: a tip is no doctor, lawyer or broker.

Medicine and doses, hunger and sleeplessness, self-harm, drinking, driving unfit, legal and
financial instruction, unsafe acts. What a person's own task says of these stands in its title.
"""

from ml.generation.refusals._rule import Rule, words_of

_NEAR = r"(?:\s+[\w’'-]+){0,4}?\s+"
_IN_SENTENCE = r"[^.!?;]*?\b"
_NOT = r"""(?:do\s+not|don[’']?t|never|no\s+need\s+to|need\s+not|needn[’']?t|stop|avoid|refuse\s+to
    |without|instead\s+of|quit|forget\s+to)"""
_DRUG = r"""(?:dos(?:e|es|age)|mg|milligrams?|pills?|tablets?|capsules?|medications?|medicines?
    |meds|drugs?
    |antidepressants?|insulin|pain\s?killers?|ibuprofen|aspirin|paracetamol|acetaminophen|tylenol
    |antibiotics?
    |supplements?|melatonin|steroids?|opioids?|sedatives?|stimulants?|inhalers?|vitamins?
    |caffeine\s+pills
    |xanax|valium|adderall|ritalin|prozac|cough\s+syrup)"""
_DRINK = r"""(?:wine|beers?|vodka|whisk(?:e)?y|gin|rum|tequila|alcohol|cocktails?|booze|liquor
    |champagne|shots?|spirits
    |a\s+drink|another\s+drink|some\s+drinks|nightcap)"""
_SMOKE = r"(?:cigarettes?|a\s+smoke|vap(?:e|ing)|joints?|weed|cannabis|marijuana|cocaine|nicotine)"
_UNFIT = r"""(?:tired|sleepy|exhausted|drowsy|drunk|tipsy|drinking|drinks?|beers?|wine|alcohol
    |phone|text(?:ing)?
    |call(?:ing)?|faster|fast|speed|limit|message|eyes\s+closed|high|asleep|no\s+sleep
    |without\s+sleep)"""
_DRIVE = r"(?:driv(?:e|ing)|the\s+wheel|your\s+car|the\s+motorbike|the\s+motorway|the\s+highway)"
_DUE = r"""(?:fines?|bills?|tax(?:es)?|rent|invoices?|debts?|tickets?|loans?|fees?|alimony
    |premiums?|mortgage|penalt(?:y|ies))"""
_OFFICIAL = rf"""(?:{_DUE}|notice|summons|court|hearing|subpoena|warrant|contract|eviction|police
    |law|judge|jury|lawyer|insurance|deadline)"""
_ASSET = r"""(?:stocks?|shares?|crypto(?:currenc(?:y|ies))?|bitcoins?|ethereum|gold|bonds?|options
    |etfs?|index\s+funds?|funds?
    |real\s+estate|property|forex|futures|coins?|tokens|the\s+market|start-?ups|savings\s+account
    |pension)"""

_find = words_of(
    rf"""
    # medicine
    {_DRUG}
    |(?:skip|stop|cancel|drop|quit|end|ignore){_NEAR}(?:therapy|treatment|chemo(?:therapy)?
    |dialysis|check-?up|doctor|symptoms?
        |vaccin\w+|prescriptions?|chest\s+pain|surgery)
    |take\s+(?:more|less|twice|double|another|one\s+more|an\s+extra)(?:\s+of\s+(?:it|them)|\s+one
    |\s+as\s+much)
    |(?:diagnos\w+|cure[sd]?\s+(?:your|the|a)\s+(?:illness|disease|depression|cancer|anxiety|pain
    |flu|cold))
    |(?:chest\s+)?pain\s+(?:is|will)|(?:you|yourself){_NEAR}(?:depression|adhd|burn-?out
    |a\s+disorder)
    # hunger and sleeplessness
    |(?:skip|miss|drop|cut\s+out|cut|replace|go\s+without|do\s+without|forgo){_NEAR}(?:meals?
    |breakfast|lunch|dinner|supper|food|eating|sleep|sleeping|drinking|water|calories|carbs)
    |skip\s+(?:meals?|breakfast|lunch|dinner|supper|food|eating|sleep)|without\s+(?:food|eating
    |sleep|sleeping|water|drinking)
    |(?:forget|leave\s+out|postpone|delay|miss|ignore|sacrifice)\s+(?:breakfast|lunch|dinner|supper
    |food|sleep|water)|cut\s+(?:your\s+)?sleep\s+short
    |starv\w+|fast(?:ing)?\s+(?:for|until|all|the\s+whole|today|through)|fasting|crash\s+diet
    |on\s+an\s+empty\s+stomach
    |{_NOT}\s+(?:eat\w*|sleep\w*|rest(?:ing)?|drink(?:ing)?\s+water)|eat\s+(?:nothing|less|only|no)
    |no\s+(?:food|dinner|lunch|breakfast|sleep)
    |(?:purge|vomit|throw\s+up|laxatives?|lose\s+weight|diet\s+pills|count\s+calories)
    |all-?nighter|(?:stay|be)\s+(?:up|awake)\s+(?:all|through|until|till|the\s+whole)
    |sleep\s+(?:less|when|is\s+for)|(?:work|study|push)\s+through\s+(?:the\s+)?(?:night|pain
    |exhaustion|fever)
    |ignore{_NEAR}(?:pain|hunger|thirst|fever|exhaustion|tiredness|body)
    # self-harm
    |(?:kill|hurt|harm|cut|burn|hit|punish|starve|hang|drown|poison|choke|injure|blame|hate
    |shoot)(?:ing)?\s+yourself
    |suicid\w+|self-?harm\w*|overdos\w+|(?:end|take)\s+your\s+(?:own\s+)?life|end\s+it\s+all
    |better\s+off\s+(?:without\s+you|dead)
    |worthless|give\s+up\s+on\s+(?:life|living|yourself)|jump\s+(?:off|from)\s+(?:the|a)\s+(?:roof
    |bridge|balcony|building|cliff)
    |(?:want|deserve)\s+to\s+die|stop\s+(?:living|breathing)|cut\s+your\s+(?:wrists?|arms?|skin
    |legs?)
    # drink, smoke, driving
    |(?:drink|have|pour|sip|open|down|grab|take|get|enjoy|pair|reward|with|mix|add
    |need){_NEAR}{_DRINK}
    |(?:have|drink|pour|take|get|grab|down)\s+{_DRINK}|get\s+(?:drunk|tipsy|high|wasted|stoned)
    |drink\s+(?:more|yourself)
    |(?:smok(?:e|ing)|light|have|roll|take|try|grab|use){_NEAR}{_SMOKE}|(?:smoke|have|take
    |use)\s+{_SMOKE}|smoke\s+(?:one|some|a)
    |(?:while|when)\s+(?:you\s+)?(?:drive|driving)|{_DRIVE}\b{_IN_SENTENCE}{_UNFIT}
    |{_UNFIT}\b{_IN_SENTENCE}{_DRIVE}|(?:text|phone|read|type|write|call){_NEAR}(?:driv(?:e|ing)
    |at\s+the\s+wheel)
    # law
    |{_NOT}\s+(?:pay\w*|fil(?:e|ing)|sign\w*\s+without|answer\w*\s+the\s+(?:police|court)|report\w*
    |declar\w*)
    |(?:ignore|skip|dodge|evade|avoid|hide|burn|tear\s+up|throw\s+away|miss|withhold|contest|appeal
    |dispute|fight|break|lie){_NEAR}{_OFFICIAL}
    |(?:ignore|skip|dodge|evade|avoid|hide|miss|withhold|contest|dispute)\s+{_OFFICIAL}
    |{_NOT}\s+(?:\w+\s+)?(?:the\s+|your\s+)?(?:\w+\s+){{0,3}}{_OFFICIAL}|quit\s+(?:your|the)\s+job
    |(?:police|court|judge)\s+(?:nothing|lies)
    |plead\s+\w+|sue\s+\w+|press\s+charges|break\s+(?:the\s+law|your\s+(?:lease|contract))
    |(?:terminate|cancel|break)\s+(?:the|your)\s+(?:lease|contract|insurance)
    |lie\s+(?:to|about|on)\b|forg(?:e|ing)\s+(?:a|the|your)|fake\s+(?:a|the|your|an)
    |under\s+the\s+table|off\s+the\s+books|back-?date
    |(?:sign|agree|accept){_NEAR}without\s+reading|(?:file|filing)\s+for\s+(?:bankruptcy|divorce
    |custody)|legal(?:ly)?\s+(?:you|speaking|advice|right|allowed|obliged)
    |(?:hide|move|conceal)\s+(?:your\s+)?(?:income|assets|money|cash)|you\s+have\s+(?:the
    |a)\s+right\s+to|admit\s+(?:nothing|guilt)|tax\s+(?:evasion|haven|loophole)
    |deduct\s+\w+|steal\w*|shoplift\w*|bribe\w*|cheat\s+(?:on|in|at|the)
    # money
    |invest(?:ing)?\s+(?:in\s+(?!(?:yourself|rest|sleep|your\s+(?:health|rest|sleep
    |future\s+self))\b)\w+|(?:all\s+)?(?:your\s+|some\s+|the\s+|more\s+)?(?:money|savings|cash
    |salary|pension|bonus|capital|rent))
    |(?:buy|sell|trade|short|hold|hodl|purchase|convert){_NEAR}{_ASSET}|(?:buy|sell|trade|short
    |hold)\s+{_ASSET}
    |(?:put|move|place|bet|gamble|stake|pour|shift|risk){_NEAR}(?:money|savings|cash|salary
    |paycheck|pension|{_ASSET})
    |(?:take\s+out|take\s+on|get|apply\s+for|sign\s+up\s+for){_NEAR}(?:loan|mortgage
    |credit(?:\s+card)?|debt|overdraft)|borrow\s+(?:money|from|against|some|to\s+\w+)
    |gambl\w+|casino|lottery|bet\s+(?:on|it|your|all)|max\s+out|remortgage|cash\s+(?:out|in)
    |refinanc\w+|payday\s+loan|leverage\s+your
    |(?:use|spend|risk){_NEAR}(?:rent\s+money|savings|pension|rainy\s+day\s+fund|credit)
    |withdraw{_NEAR}(?:pension|savings|money|funds)|guaranteed\s+(?:returns?|profits?|gains?)
    |(?:empty|drain|spend){_NEAR}savings
    # unsafe acts
    |mix(?:ing)?{_NEAR}(?:bleach|ammonia|chemicals|acid|vinegar|cleaners?)|bleach\s+(?:and|with)
    |(?:inhale|sniff|drink|swallow){_NEAR}(?:bleach|fumes?|glue|petrol|gas|solvents?|detergent
    |chemicals)
    |without\s+(?:a\s+|any\s+|the\s+|your\s+)?(?:helmet|seat\s?belt|gloves|mask|harness|protection
    |goggles|supervision|lights?|life\s+(?:jacket|vest)|training|permission)
    |(?:not|no|don[’']t|never|skip|forget|take\s+off|unbuckle
    |drop)\s+(?:\w+\s+){{0,2}}?(?:seat\s?belt|helmet|harness|life\s+jacket|goggles)
    |(?:candles?|fire|stove|oven|iron|heater)\s+(?:\w+\s+){{0,3}}?(?:while\s+you\s+sleep|overnight
    |all\s+night|unattended)
    |(?:live\s+wires?|(?:with\s+the|while\s+the)\s+power\s+(?:is\s+)?on|fuse\s+box|bare\s+wires?
    |open\s+flame|exposed\s+wires?)
    |(?:turn|switch)\s+off\s+the\s+(?:smoke\s+)?(?:alarm|detector|breaker\s+guard|safety)
    |(?:disable|remove|bypass|disconnect|unplug){_NEAR}(?:alarm|detector|guard|safety|airbag
    |brakes?)
    |leave{_NEAR}(?:stove|oven|iron|candles?|fire|baby|child(?:ren)?|kids?|toddler|gas|heater
    |hob){_NEAR}(?:on|alone|burning|running|unattended)
    |(?:swim|climb|hike|dive|run|walk){_NEAR}(?:alone\s+(?:at|in|after)|roof|ledge|red\s+light
    |train\s+tracks|traffic|railing|thin\s+ice)
    |(?:jump|cross|run){_NEAR}(?:the\s+lights|red\s+lights?|traffic|tracks|motorway|highway
    |barrier)|look\s+(?:straight\s+)?(?:at|into)\s+the\s+sun
    |hold\s+your\s+breath\s+(?:as\s+long|until|till|for)|(?:guns?|firearms?|weapons?|explosives?
    |fireworks|grenades?)
    |(?:lift|carry|move|push){_NEAR}(?:heavy|wardrobe|fridge|piano)\b{_IN_SENTENCE}(?:alone
    |by\s+yourself)|(?:stand|sit|lean|climb)\s+(?:on|over|out\s+of|onto)\s+(?:a
    |the)\s+(?:\w+\s+)?(?:ledge|railing|sill|roof)
    """
)

RULE = Rule("harmful advice", _find)
