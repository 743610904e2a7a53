"""Characters that are read as another: one ASCII letter for each look-alike.

Written from the shapes of the Latin, Greek, Cyrillic, Armenian, Cherokee, Lisu, Georgian and Coptic blocks. What
compatibility decomposition (NFKC) already folds, such as full-width or mathematical letters, is not listed.
"""

from __future__ import annotations

_LOOKALIKES: dict[str, str] = {
    "a": "аαɑᴀӑӓάὰᾰᾱꓮᎪΑАⲁ∀ⱥȺꬰæӕ",
    "b": "ЬьᏏƄƀƃɓʙᴃВΒвᏴꓐβϐƁЪъⲂ♭",
    "c": "сϲᴄⲥСϹⅭᏟꓚɔↄⲤƈçҫҪ¢ȼƇ",
    "d": "ԁɗɖᴅᏧꓒđðƌԀᎠꓓĐÐɃ",
    "e": "еєҽεɛᴇℯЕΕᎬꓰəǝɘӗēèéêëȩέҿⲉ℮ꬲ",
    "f": "ƒϝꞙẝҒғꓝꜰϜƑſꬵ",
    "g": "ɡցɢǵԍԌᏀꓖƍġɠᶃǤǥᏳ",
    "h": "һհᏂнʜΗНᎻꓧⱨħɦҺℎⲎӊңћђ",
    "i": "іıɩιɪⅰІΙΪϊΐӀꓲⲒᎥɨìíîïїΊίἰι˛ɪƖӏ",
    "j": "јϳʝЈᎫꓙɉɈյͿᴊ",
    "k": "кκᴋΚКᏦꓗƙҟҡқĸⲔϰԟЌќҜ",
    "l": "ⅼӏℓłƚɫʟᏞꓡⳐ|ǀɭĿŀլ׀ןاΙ∣ᒪ",
    "m": "мᴍΜМϺᎷꓟⅿⲘɱӍ",
    "n": "ոռпηᴎɴΝꓠⲚŋɲƞñήплѝийИЙ",
    "o": "оοօᴏσΟОՕꓳоөɵøòóôõöōŏőӧό٥०০੦૦๐໐ⲞⲟØΘѲθ○◦°ⲑ",
    "p": "рρᴘΡРᏢꓑⲢƿϱþҏҎ",
    "q": "ԛզգԚɋʠԳϙ",
    "r": "гᴦʀꭇꮁᎡᏒꓣɍřŕɼгґѓяЯ",
    "s": "ѕꜱƽЅՏᏚꓢšşșśʂςϛ",
    "t": "тτᴛΤТᎢꓔⲦŧťţțŦƫ†ҭҬ",
    "u": "υսᴜцՍꓴսʋùúûüūŭůűųսύμÙÚÛÜ∪цɥʉ",
    "v": "νѵᴠѴꓦⅴᏙʌ٧∨νⱱ",
    "w": "ԝѡաᴡшщԜᎳꓪωώŵɯѿⲰⱳШЩ",
    "x": "хχҳΧХꓫⅹⲬ×╳ӽӿҲ",
    "y": "уγүʏᶌΥУҮꓬⲨýÿŷуўӯӳɣ¥ყҰұ",
    "z": "ᴢΖᏃꓜƶżźžʐʑզⲌȥʒȤ",
    "0": "",
    "1": "",
    "2": "ƻᒿꙄ",
    "3": "зэЗЭӠӡɜȜȝЗҘҙꓱƷƐ",
    "4": "Ꮞч",
    "5": "Ƽ",
    "6": "бᏮ",
    "8": "ȢȣȣȢ৪",
    "9": "৭୨",
    "-": "‐‑‒–—―−﹣－ー一⁃˗᠆‑ⲻ",
    "_": "＿ˍ‗﹍﹎﹏",
    ".": "․。．｡٠۰܁·ꓸ",
    "/": "∕⁄／╱⧸〳ノ⟋⼃Ⳇ",
    ":": "：∶ː˸ꓽ܃׃꞉",
    "\\": "＼∖⧵﹨",
    "~": "〜～∼˜",
    "'": "‘’‛′＇ʹʼˈ",
    '"': "“”„‟″＂",
    "*": "∗⁎＊٭",
}

CONFUSABLES: dict[int, str] = {
    ord(lookalike): letter
    for letter, lookalikes in _LOOKALIKES.items()
    for lookalike in lookalikes
    if not lookalike.isascii()
}
"""Code point of a look-alike → the ASCII character it is read as."""

DIGIT_SHAPES: dict[int, str] = {
    ord("0"): "o",
    ord("1"): "l",
    ord("5"): "s",
    ord("i"): "l",
    ord("|"): "l",
    ord("$"): "s",
    ord("@"): "a",
}
"""ASCII characters that are read as another ASCII letter; applied to names only, after case folding."""
