"""Patterns that recognise the cause of a refusal in SMTP replies in languages other than English.

For each language there are nouns for the mailbox, its owner or the sender, and what is said of them. More
specific causes are tried first, since a reply about a blocked sender names the recipient too.
"""

import re

_GAP = r".{0,40}"
_MAILBOX = (
    r"("
    r"користувач|адресат|одержувач|отримувач|скриньк|ящик|адрес|обліков|акаунт|получател|пользовател"
    r"|почтов|уч[её]тн|аккаунт|użytkownik|odbiorc|adresat|skrzynk|kont[oa]|adres|benutzer|nutzer"
    r"|empf(ä|ae)nger|postfach|mailbox|konto|adresse|utilisateur|destinat(aire|ario|ário|ar)|compte"
    r"|bo[iî]te|usu[aá]rio|cuenta|buz[oó]n|direcci[oó]n|utente|casella|indirizzo|utilizador|conta"
    r"|caixa|endere[cç]o|uživatel|používateľ|příjemce|prijímateľ|adresát|schránk|účet|felhasználó"
    r"|címzett|postafiók|utilizator|c[aă]su[tț]|потребител|кути[яи]|gebruiker|ontvanger|postvak"
    r"|kullanıcı|alıcı|posta kutusu|hesap|vartotoj|gavėj|lietotāj|kasutaja"
    r")"
)
"""Words for the user, the recipient, the mailbox, the account, or the address."""
_ABSENT = (
    r"("
    r"не існу|не знайден|невідом|відсутн|не зареєстр|не существу|не найден|неизвест|не зарегистр"
    r"|отсутств|nie istnie|nieznan|nie znalezion|nie został znalezion|unbekannt|existiert nicht"
    r"|nicht gefunden|nicht vorhanden|nicht bekannt|gibt es nicht|inconnu|n['’]existe pas|inexistant"
    r"|introuvable|desconocid|no existe|inexistent|no encontrad|sconosciut|inesistent|non esiste"
    r"|non trovat|desconhecid|n[aã]o existe|n[aã]o encontrad|neexistuje|neznám|nenalezen|nebol nájden"
    r"|nem létezik|ismeretlen|nem található|necunoscut|nu exist|не съществува|непознат|onbekend"
    r"|bestaat niet|niet gevonden|bulunamadı|mevcut değil|bilinmiyor|neegzistuoja|nežinom|nerast"
    r"|neeksistē|nezināms|ei ole olemas|tundmatu"
    r")"
)
_FULL = (
    r"("
    r"переповнен|заповнен|переполнен|заполнен|pełn|przepełnion|zapełnion|\bvoll\b|überfüllt|pleine?\b"
    r"|saturée|llen[oa]\b|\bpiena\b|chei[ao]\b|lotada|\bpln[áýé]\b|přeplněn|preplnen|megtelt"
    r"|\bplin[ăa]?\b|пълна|препълнен|\bvol\b|\bdolu\b"
    r")"
)
_QUOTA = (
    r"("
    r"квот|обсяг|сховищ|скриньк|ящик|хранилищ|pojemnoś|limit skrzynki|speicher|kontingent|quota|cuota"
    r"|cota|kvót|kota\b|espace|spazio|espacio|espaço"
    r")"
)
_OVER = (
    r"("
    r"перевищ|вичерпан|превышен|исчерпан|przekroczon|überschritten|erschöpft|dépassé|excedid|superad"
    r"|superat|esaurit|ultrapassad|překročen|prekročen|túllép|dep[aă][sș]it|overschreden|aşıldı"
    r"|insuffisant|insufficient"
    r")"
)
_LIMIT = (
    r"("
    r"ліміт|лимит|ограничени|limit|grenze|limite|límite"
    r")"
)
_LETTERS = (
    r"("
    r"повідомл|лист|з['’ʼ]єднан|надсилан|сообщени|пис[еь]м|соединени|отправк|wiadomo|połącze|nachricht"
    r"|verbindung|messages?\b|mensaj|messaggi|zpráv"
    r")"
)
_SENDER = (
    r"("
    r"відправник|отправител|nadawc|absender|exp[eé]diteur|remitente|mittente|remetente|odesílatel"
    r"|odosielateľ|feladó|expeditor|подател|afzender|gönderen|\bip\b|\bdns\b|\bptr\b"
    r")"
)
"""Words for the sender, or for what is looked up about one."""
_REJECTED = (
    r"("
    r"відхилен|отклон[её]н|odrzucon|abgelehnt|rejet|rechazad|rifiutat|rejeitad|odmítnut|odmietnut"
    r"|visszautasít"
    r")"
)
_BOX = (
    r"("
    r"скриньк|ящик|обліков|акаунт|аккаунт|уч[её]тн|skrzynk|kont[oa]\b|postfach|compte|bo[iî]te|cuenta"
    r"|buz[oó]n|casella|conta\b|caixa|schránk|účet|postafiók|c[aă]su[tț]|кути[яи]|postvak|posta kutusu"
    r"|hesap"
    r")"
)

_WORDS = (
    (
        "",  # "unknown error", "may not exist, or you have no permission" name no cause
        (
            r"невідом\w+ помилк|неизвестн\w+ ошибк|nieznany bł[aą]d|unbekannter fehler|erreur inconnue"
            r"|error desconocido|errore sconosciuto|erro desconhecido|neznámá chyba|ismeretlen hiba"
            r"|bilinmeyen hata|можливо|ймовірно|возможно|вероятно|możliwe|prawdopodobnie"
            r"|möglicherweise|vielleicht|il se peut|peut-être|posiblemente|es posible que"
            r"|è possibile che|possivelmente|pravděpodobně|pravdepodobne|možná|valószínűleg|е възможно"
            r"|mogelijk|muhtemelen"
        ),
    ),
    (
        "greylisted",
        (r"(сір|сер)\w+ спис|graue[rn]? liste|szar\w+ list|liste grise|lista (gris|grigia|cinza)"),
    ),
    (
        "policy",
        (
            r"репутаці|репутаци|reputacj|reputaci[oó]n|reputaz|réputation|чорн\w+ спис|ч[её]рн\w+ спис"
            r"|черен списък|czarn\w+ list|schwarze\w* liste|liste noire|lista (negra|nera|neagr)"
            r"|zwarte lijst|kara liste|feketelist|čern\w+ listin|黑名单"
        ),
    ),
    (
        "authentication",
        (
            rf"{_SENDER}\w*{_GAP}({_ABSENT}|{_REJECTED})|({_ABSENT}|{_REJECTED})\w*{_GAP}{_SENDER}"
            r"|а[ву]те?нтиф[иі]кац|authentifi[zk]|authentification|uwierzytelni|autenti[cz]ac"
            r"|autenticaz|ověření totožnosti"
        ),
    ),
    (
        "rate",
        (
            rf"(забагато|занадто багато|слишком много|zbyt wiele|zu viele|trop de|demasiad\w+"
            rf"|troppi|příliš mnoho) {_LETTERS}"
            rf"|({_OVER}{_GAP}{_LIMIT}|{_LIMIT}{_GAP}{_OVER}){_GAP}{_LETTERS}"
        ),
    ),
    (
        "mailbox disabled",
        (
            rf"{_BOX}\w*{_GAP}(вимкнен|відключен|деактивован|призупинен|заблокован|отключен|приостановлен|заблокирован|неактив"
            r"|wyłączon|zablokowan|nieaktywn|deaktiviert|gesperrt"
            r"|désactivé|suspendu|desactivad|suspendid|disabilitat|disattivat|desativad|deaktivován"
            r"|zakázán|letiltva|dezactivat|деактивиран|uitgeschakeld|devre dışı)"
        ),
    ),
    (
        "policy",
        (
            r"спам|заблокован|заблокирован|блокиран|zablokowan|blockiert|gesperrt|bloqué|bloquead"
            r"|bloccat|blokován|blokovan|blokkol|letiltva|blocat|geblokkeerd|engellen|політик|политик"
            r"|polityk|richtlinie|politique|pol[ií]tica|небажан\w+ (пошт|лист|повідом)|нежелательн"
            r"|niechcian|unerwünscht|indésirable|no desead|indesiderat|indesejad|nevyžádan|kéretlen"
            r"|nedorit|ongewenst|istenmeyen|垃圾邮件|迷惑メール|ブロック"
        ),
    ),
    (
        "mailbox full",
        (
            rf"{_MAILBOX}\w*{_GAP}{_FULL}|{_FULL}\w* {_MAILBOX}|{_QUOTA}\w*{_GAP}{_OVER}"
            rf"|{_OVER}\w*{_GAP}{_QUOTA}|(недостатньо|закінчилося|бракує|немає) (вільного )?місця"
            r"|(недостаточно|нет) (свободного )?места|brak miejsca|kein speicherplatz|邮箱.{0,6}满"
            r"|容量(不足|超過)|メールボックス.{0,10}いっぱい"
        ),
    ),
    (
        "size",
        (
            r"(лист|повідомлення|письмо|сообщение)\w*.{0,20}(завелик|слишком бол)"
            r"|перевищ\w+ (максимальн\w+ )?розмір (лист|повід)|zu groß|zbyt duż|trop (gros|volumineux)"
            r"|demasiado grande|troppo grande|příliš velk"
        ),
    ),
    (
        "bad domain",
        (rf"(домен|domen|domain|domaine|domini|domíni|doména)\w*{_GAP}{_ABSENT}"),
    ),
    (
        "no such user",
        (
            rf"{_MAILBOX}\w*{_GAP}{_ABSENT}|{_ABSENT}\w* {_MAILBOX}"
            rf"|(так(ий|ого|ої|ая)|указанн\w+|нет тако[гй]о?|nie ma taki\w+|kein(en)? solche\w*"
            rf"|aucun|nincs ilyen|няма такъв) (\w+ )?({_MAILBOX}|не існу|не существу)"
            rf"|(немає|нема|нет) {_MAILBOX}|{_MAILBOX}\w* (немає|нет|yok)\b(?! \w)"
            r"|(用户|收件人|邮箱|帐号|账号|ユーザー?|宛先|アドレス).{0,12}(不存在|未找到|見つかりません|存在しません|不明)"
        ),
    ),
)
REASONS = [(why, re.compile(words)) for why, words in _WORDS]
"""(name of a cause, pattern), in order; the first pattern that matches decides."""
