"""Personal data, made up: names and addresses by Faker, numbers with right check digits by `checksums`.

Each id has how often it stands, how it is made, the words that name it in some languages, keys of fields, and whether it is known
without a name before it.
"""

import checksums
from base import DIGITS, HEX, LOWER, VALUE
from checksums import spaced

LOCALES = ("en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL", "pl_PL", "pt_BR", "zh_CN", "zh_TW", "ja_JP", "ko_KR", "tr_TR", "hi_IN",
    "ru_RU")
# Locales for whose random sentences Faker has words; the others would give Latin.
WORDS_OF_THEIR_OWN = ("en_US", "de_DE", "fr_FR", "es_ES", "nl_NL", "pl_PL", "zh_CN", "zh_TW", "ja_JP", "ru_RU")

SAYS = {
    "en_US": ("My @ is {}, please update the file.", "The @ on record is {}.", "Caller gave @ {} and asked for a copy.",
        "Please use @ {} from now on."),
    "de_DE": ("Meine @ lautet {}.", "@: {}, bitte im Vertrag vermerken.", "Die @ {} wurde bereits geprüft."),
    "fr_FR": ("Mon @ est le {}.", "@ : {}, à reporter sur le dossier.", "Le @ {} a été vérifié."),
    "es_ES": ("Mi @ es {}.", "El @ {} consta en el expediente.", "@: {}, anótelo en la ficha."),
    "it_IT": ("Il mio @ è {}.", "@: {}, da riportare sul modulo."),
    "nl_NL": ("Mijn @ is {}.", "Het @ {} staat in het dossier."),
    "pl_PL": ("Mój @ to {}.", "@: {}, proszę wpisać do akt."),
    "pt_BR": ("Meu @ é {}.", "O @ {} consta no cadastro."),
    "tr_TR": ("Benim @ {} olarak kayıtlı.", "@: {}, lütfen dosyaya ekleyin."),
    "zh_CN": ("我的@是{}，请核对。", "@：{}。", "登记的@为{}，如有变更请告知。"),
    "zh_TW": ("我的@是{}，請協助確認。", "@：{}。"),
    "ja_JP": ("私の@は{}です。", "@：{}"),
    "ko_KR": ("제 @는 {}입니다.", "@: {}"),
    "hi_IN": ("मेरा @ {} है।", "@: {}"),
    "ru_RU": ("Мой @: {}.", "@ {} указан в анкете."),
}
SAYS["en_GB"] = SAYS["en_US"]


def public_ipv4(d):
    while True:
        a, b = d.randint(1, 223), d.randint(0, 255)
        if a in (10, 127, 100, 169, 172, 192, 198, 203, 192, 1, 8, 9):
            continue
        return f"{a}.{b}.{d.randint(0, 255)}.{d.randint(1, 254)}"


def ipv6(d):
    start = d.choice(("2a01:4f8", "2600:1f18", "2a02:26f7", "240e:3a1", "2804:14c", "2403:6200"))
    if d.chance(0.5):
        return start + ":" + ":".join("%x" % d.randint(1, 0xFFFF) for _ in range(6))
    return start + ":" + "%x" % d.randint(16, 0xFFFF) + "::" + ":".join("%x" % d.randint(1, 0xFFFF) for _ in range(d.randint(1, 3)))


def mac(d):
    first = "%02x" % (d.randrange(64) * 4)
    made = d.choice((":", ":", "-")).join([first, *(d.text(HEX, 2) for _ in range(5))])
    return made.upper() if d.chance(0.4) else made


def email(d):
    local = d.choice((lambda: d.text(LOWER, 6) + "." + d.text(LOWER, 7), lambda: d.choice(("anna", "li.wei", "j.novak", "marta", "kenji", "omar",
        "sofia")) + str(d.randint(1, 999)), lambda: d.text(LOWER, 9), lambda: d.choice(LOWER) + "_" + d.text(LOWER, 6) + "+news"))()
    return local + "@" + d.text(LOWER, d.randint(9, 14)) + d.choice((".com", ".de", ".fr", ".cn", ".co.uk", ".net", ".io", ".com.br", ".co.jp",
        ".org"))


def phone(d):
    n = lambda k: d.text(DIGITS, k)
    us = lambda: d.choice(("212", "415", "312", "617", "206", "303", "512", "404", "713", "503"))
    return d.choice((lambda: f"+1 {us()}-{d.choice('2346789')}{n(2)}-{n(4)}", lambda: f"({us()}) {d.choice('2346789')}{n(2)}-{n(4)}",
        lambda: f"+1{us()}{d.choice('2346789')}{n(6)}", lambda: f"+44 7{d.choice('4578')}{n(2)} {n(6)}",
                     lambda: f"+44 20 {d.choice('378')}{n(3)} {n(4)}", lambda: f"+49 15{d.choice('127')}{n(1)} {n(7)}",
                     lambda: f"+49 30 {d.digits(7)}", lambda: f"+33 6 {n(2)} {n(2)} {n(2)} {n(2)}", lambda: f"+34 6{n(2)} {n(3)} {n(3)}",
                     lambda: f"+39 3{d.choice('234')}{n(1)} {n(7)}", lambda: f"+31 6 {d.digits(8)}",
                     lambda: f"+48 {d.choice('567')}{n(2)} {n(3)} {n(3)}", lambda: f"+55 11 9{d.choice('6789')}{n(3)}-{n(4)}",
                     lambda: "1" + d.choice(("38", "39", "50", "57", "86", "33", "77", "91")) + n(8),
                     lambda: f"+86 1{d.choice(('38', '59', '86'))} {n(4)} {n(4)}", lambda: f"+81 90-{d.digits(4)}-{n(4)}",
                     lambda: f"+82 10-{d.digits(4)}-{n(4)}",
                     lambda: f"+90 53{n(1)} {n(3)} {n(2)} {n(2)}", lambda: f"+91 9{n(4)} {n(5)}"))()


def some(make, *ways):
    """The number as it is, or written as one of `ways` does."""
    return lambda d: d.choice((lambda v: v, *ways))(make(d))


FOUR = lambda mark: lambda v: spaced(v, mark, (4, 4, 4, 4))

# id: (how often, maker, {locale: words}, keys, known by itself)
IDS = {
    "email": (70, email, {"en_US": ("email address", "e-mail"), "de_DE": ("E-Mail-Adresse",), "fr_FR": ("adresse e-mail",), "zh_CN": ("邮箱",),
        "es_ES": ("correo",), "ja_JP": ("メールアドレス",)}, ("email", "contact_email", "user.email"), True),
    "phone": (90, phone, {"en_US": ("phone number", "mobile number", "cell phone"), "de_DE": ("Telefonnummer", "Handynummer"),
        "fr_FR": ("numéro de téléphone",), "es_ES": ("número de teléfono",), "it_IT": ("numero di telefono",), "nl_NL": ("telefoonnummer",),
                          "pl_PL": ("numer telefonu",), "pt_BR": ("telefone",), "zh_CN": ("手机号", "联系电话"), "ja_JP": ("電話番号",), "ko_KR": ("전화번호",),
                          "tr_TR": ("telefon numarası",)}, ("phone", "mobile", "phone_number", "tel"), False),
    "ipv4": (50, public_ipv4, {"en_US": ("IP address", "client IP"), "de_DE": ("IP-Adresse",), "zh_CN": ("IP地址",)},
        ("ip", "client_ip", "remote_addr"), True),
    "ipv6": (50, ipv6, {"en_US": ("IPv6 address", "IP address"), "zh_CN": ("IPv6地址",)}, ("ip", "ipv6", "remote_addr"), True),
    "mac_address": (40, mac, {"en_US": ("MAC address", "hardware address"), "de_DE": ("MAC-Adresse",), "zh_CN": ("MAC地址",)},
        ("mac", "hwaddr", "device_mac"), True),
    "imei": (40, checksums.imei, {"en_US": ("IMEI", "IMEI number"), "de_DE": ("IMEI",), "zh_CN": ("IMEI", "手机串号")}, ("imei", "device_imei"), False),
    "credit_card": (80, some(checksums.card, lambda v: FOUR(" ")(v) if len(v) == 16 else v, lambda v: FOUR("-")(v) if len(v) == 16 else v),
        {"en_US": ("credit card", "card number", "Visa card"), "de_DE": ("Kreditkartennummer",), "fr_FR": ("numéro de carte",),
                        "es_ES": ("tarjeta de crédito",), "zh_CN": ("信用卡号",), "pt_BR": ("cartão de crédito",)}, ("card", "card_number", "cc", "pan"),
                        True),
    "iban": (60, some(checksums.iban, lambda v: spaced(v, " ", (4,) * 9)), {"en_US": ("IBAN",), "de_DE": ("IBAN", "Bankverbindung"),
        "fr_FR": ("IBAN",), "nl_NL": ("rekeningnummer",), "es_ES": ("IBAN",), "pl_PL": ("numer rachunku",)}, ("iban", "account", "bank_account"),
        True),
    "btc_address": (50, checksums.btc, {"en_US": ("bitcoin address", "BTC wallet"), "de_DE": ("Bitcoin-Adresse",), "zh_CN": ("比特币地址",)},
        ("btc", "btc_address", "wallet"), True),
    "eth_address": (50, checksums.eth, {"en_US": ("Ethereum address", "ETH wallet"), "zh_CN": ("以太坊地址",)}, ("eth", "wallet", "eth_address"), True),
    "us_ssn": (60, some(checksums.us_ssn, lambda v: v, lambda v: v), {"en_US": ("SSN", "social security number", "Social Security #")},
        ("ssn", "social_security_number"), True),
    "us_itin": (40, checksums.us_itin, {"en_US": ("ITIN", "individual taxpayer identification number", "taxpayer ID")}, ("itin", "tax_id"), False),
    "us_passport": (40, lambda d: d.choice((lambda: d.choice("ACXYZ") + d.text(DIGITS, 8), lambda: d.digits(9)))(),
        {"en_US": ("passport number", "US passport", "passport no.")}, ("passport", "passport_number", "us_passport"), False),
    "ca_sin": (40, some(checksums.ca_sin, lambda v: spaced(v, " ", (3, 3, 3)), lambda v: spaced(v, "-", (3, 3, 3))),
        {"en_US": ("SIN", "social insurance number"), "fr_FR": ("numéro d'assurance sociale",)}, ("sin", "social_insurance_number"), False),
    "uk_nino": (40, some(checksums.uk_nino, lambda v: spaced(v, " ", (2, 2, 2, 2, 1))), {"en_GB": ("National Insurance number", "NI number", "NINO")},
        ("nino", "ni_number", "national_insurance"), True),
    "uk_nhs": (40, some(checksums.uk_nhs, lambda v: spaced(v, " ", (3, 3, 4)), lambda v: spaced(v, " ", (3, 3, 4))),
        {"en_GB": ("NHS number", "NHS no.")}, ("nhs_number", "nhs"), False),
    "de_tax_id": (40, some(checksums.de_tax_id, lambda v: spaced(v, " ", (2, 3, 3, 3))),
        {"de_DE": ("Steuer-ID", "steuerliche Identifikationsnummer", "IdNr", "Steueridentifikationsnummer")}, ("steuer_id", "idnr", "tax_id"), False),
    "fr_nir": (40, some(checksums.fr_nir, lambda v: spaced(v, " ", (1, 2, 2, 2, 3, 3, 2))),
        {"fr_FR": ("numéro de sécurité sociale", "NIR", "n° de sécu")}, ("nir", "secu", "numero_securite_sociale"), True),
    "es_dni_nie": (40, some(checksums.es_dni_nie, lambda v: v[:8] + "-" + v[8:]), {"es_ES": ("DNI", "NIE", "NIF", "documento de identidad")},
        ("dni", "nif", "nie"), True),
    "it_codice_fiscale": (40, checksums.it_codice_fiscale, {"it_IT": ("codice fiscale", "C.F.")}, ("codice_fiscale", "cf"), True),
    "nl_bsn": (40, checksums.nl_bsn, {"nl_NL": ("BSN", "burgerservicenummer", "sofinummer")}, ("bsn", "burgerservicenummer"), False),
    "pl_pesel": (40, checksums.pl_pesel, {"pl_PL": ("PESEL", "numer PESEL")}, ("pesel", "nr_pesel"), False),
    "eu_vat": (50, checksums.eu_vat, {"en_US": ("VAT number", "VAT ID"), "de_DE": ("USt-IdNr", "Umsatzsteuer-ID"), "fr_FR": ("numéro de TVA",),
        "it_IT": ("partita IVA",), "nl_NL": ("btw-nummer",)}, ("vat", "vat_id", "ust_id"), False),
    "tr_tckn": (40, checksums.tr_tckn, {"tr_TR": ("T.C. kimlik no", "TCKN", "kimlik numarası")}, ("tckn", "tc_kimlik", "kimlik_no"), False),
    "in_aadhaar": (40, some(checksums.in_aadhaar, lambda v: spaced(v, " ", (4, 4, 4)), lambda v: spaced(v, " ", (4, 4, 4))),
        {"en_US": ("Aadhaar number", "Aadhaar"), "hi_IN": ("आधार संख्या", "आधार नंबर")}, ("aadhaar", "aadhaar_number"), False),
    "in_pan": (40, checksums.in_pan, {"en_US": ("PAN", "PAN card", "permanent account number"), "hi_IN": ("पैन",)}, ("pan", "pan_number"), True),
    "br_cpf": (40, some(checksums.br_cpf, lambda v: v, lambda v: v), {"pt_BR": ("CPF", "CPF do titular")}, ("cpf", "documento"), True),
    "au_tfn": (40, some(checksums.au_tfn, lambda v: spaced(v, " ", (3, 3, 3))), {"en_US": ("TFN", "tax file number")}, ("tfn", "tax_file_number"),
        False),
    "jp_my_number": (40, some(checksums.jp_my_number, lambda v: spaced(v, " ", (4, 4, 4))), {"ja_JP": ("マイナンバー", "個人番号"), "en_US": ("My Number",)},
        ("my_number", "kojin_bango", "マイナンバー"), False),
    "kr_rrn": (40, checksums.kr_rrn, {"ko_KR": ("주민등록번호", "주민번호"), "en_US": ("RRN", "resident registration number")}, ("rrn", "jumin"), True),
    "sg_nric": (40, checksums.sg_nric, {"en_US": ("NRIC", "FIN", "NRIC number")}, ("nric", "nric_fin"), True),
    "hk_id": (40, checksums.hk_id, {"zh_TW": ("香港身份證號碼", "身份證"), "en_US": ("HKID", "Hong Kong identity card")}, ("hkid", "hk_id"), True),
    "tw_national_id": (40, checksums.tw_national_id, {"zh_TW": ("身分證字號", "身分證號"), "en_US": ("Taiwan national ID",)}, ("tw_id", "身分證字號"), True),
    "cn_resident_id": (60, some(checksums.cn_resident_id, lambda v: v, lambda v: v.lower()),
        {"zh_CN": ("身份证号", "身份证号码", "居民身份证"), "en_US": ("Chinese ID number",)}, ("id_card", "身份证号", "idNo", "sfzh"), True),
    "cn_uscc": (50, checksums.cn_uscc, {"zh_CN": ("统一社会信用代码", "信用代码", "税号")}, ("uscc", "统一社会信用代码", "credit_code"), True),
    "cn_bank_card": (50, some(checksums.cn_bank_card, lambda v: spaced(v, " ", (4, 4, 4, 4))),
        {"zh_CN": ("银行卡号", "卡号", "收款账号"), "en_US": ("bank card",)}, ("bank_card", "卡号", "card_no"), True),
    "cn_passport": (40, checksums.cn_passport, {"zh_CN": ("护照号", "护照号码", "护照"), "en_US": ("Chinese passport", "passport number")},
        ("passport", "护照号", "passport_no"), False),
    "cn_license_plate": (50, checksums.cn_license_plate, {"zh_CN": ("车牌号", "车牌", "车牌号码")}, ("plate", "车牌号", "license_plate"), True),
}

BORN = {"en_US": ("born on {}", "date of birth: {}", "DOB {}", "Birthday: {}"), "en_GB": ("born {}", "D.O.B. {}"),
    "de_DE": ("geboren am {}", "Geburtsdatum: {}"), "fr_FR": ("né le {}", "date de naissance : {}"),
    "es_ES": ("nacido el {}", "fecha de nacimiento: {}"),
        "it_IT": ("nato il {}", "data di nascita: {}"), "nl_NL": ("geboren op {}", "geboortedatum: {}"),
        "pl_PL": ("urodzony {}", "data urodzenia: {}"), "pt_BR": ("nascido em {}", "data de nascimento: {}"), "tr_TR": ("doğum tarihi: {}",),
        "zh_CN": ("出生日期：{}", "生日：{}", "{}出生"),
        "zh_TW": ("出生日期：{}",), "ja_JP": ("生年月日：{}", "{}生まれ"), "ko_KR": ("생년월일: {}",), "hi_IN": ("जन्म तिथि: {}",), "ru_RU": ("дата рождения: {}",)}
NAMES = {"en_US": ("My name is {} and I live nearby.", "Dear {}, thank you for writing.", "Mr. {} called twice.", "Signed, {}", "Patient: {}"),
    "en_GB": ("Yours sincerely, {}", "I spoke to Mrs {} about the lease."), "de_DE": ("Mein Name ist {}.", "Sehr geehrte Frau {}, vielen Dank.",
        "Ansprechpartner: {}"),
         "fr_FR": ("Je m'appelle {}.", "Monsieur {} a signé le bail."), "es_ES": ("Me llamo {}.", "La señora {} firmó el contrato."),
         "it_IT": ("Mi chiamo {}.", "Il signor {} ha firmato."), "nl_NL": ("Mijn naam is {}.", "Met vriendelijke groet, {}"),
         "pl_PL": ("Nazywam się {}.", "Pan {} podpisał umowę."),
         "pt_BR": ("Meu nome é {}.", "O senhor {} assinou o contrato."), "tr_TR": ("Benim adım {}.", "Sayın {}, teşekkür ederiz."),
         "zh_CN": ("我叫{}，住在附近。", "联系人：{}。", "姓名：{}", "{}先生已签收。"), "zh_TW": ("我叫{}。", "聯絡人：{}"), "ja_JP": ("私の名前は{}です。", "{}様、ありがとうございます。", "氏名：{}"),
         "ko_KR": ("제 이름은 {}입니다.", "성명: {}"), "hi_IN": ("मेरा नाम {} है।", "नाम: {}"), "ru_RU": ("Меня зовут {}.", "Ответственный: {}")}
LIVES = {"en_US": ("Ship to {}", "address: {}", "She lives at {}."), "en_GB": ("Please post it to {}", "Address: {}"),
    "de_DE": ("Anschrift: {}", "wohnhaft in {}"), "fr_FR": ("adresse : {}", "Il habite {}."), "es_ES": ("dirección: {}", "Vive en {}."),
    "it_IT": ("indirizzo: {}", "residente in {}"), "nl_NL": ("adres: {}",),
         "pl_PL": ("adres: {}", "zamieszkały {}"), "pt_BR": ("endereço: {}",), "tr_TR": ("adres: {}",), "zh_CN": ("地址：{}", "收货地址：{}。", "家住{}"),
         "zh_TW": ("地址：{}",), "ja_JP": ("住所：{}", "〒 {}"), "ko_KR": ("주소: {}",), "hi_IN": ("पता: {}",), "ru_RU": ("адрес: {}",)}
KEYS = {"person_name": ("name", "full_name", "customer"), "street_address": ("address", "street", "shipping_address"),
    "date_of_birth": ("dob", "birth_date", "date_of_birth")}
FREE = {"person_name": NAMES, "street_address": LIVES, "date_of_birth": BORN}
HOW_OFTEN = {"person_name": 160, "street_address": 130, "date_of_birth": 80}


class People:
    """Faker for every locale, from one seed."""

    def __init__(self, seed):
        import faker

        self.fakers = {}
        for locale in LOCALES:
            self.fakers[locale] = faker.Faker(locale)
            self.fakers[locale].seed_instance(f"{seed}-{locale}")

    def name(self, locale):
        """First and family name in the order of the language."""
        fake = self.fakers[locale]
        first, last = fake.first_name(), fake.last_name()
        if locale in ("zh_CN", "zh_TW", "ko_KR"):
            return last + first
        return f"{last} {first}" if locale == "ja_JP" else f"{first} {last}"

    def address(self, locale):
        return self.fakers[locale].address().replace("\n", ", ")

    def sentences(self, locale, count):
        return [self.fakers[locale].sentence() for _ in range(count)]


def birthday(d, locale):
    born = checksums.birth(d, 1940, 2010)
    ways = {"en_US": ("%m/%d/%Y", "%B %d, %Y", "%Y-%m-%d"), "de_DE": ("%d.%m.%Y",), "zh_CN": ("%Y年%m月%d日", "%Y-%m-%d"), "ja_JP": ("%Y年%m月%d日",),
        "ko_KR": ("%Y년 %m월 %d일", "%Y-%m-%d"), "zh_TW": ("%Y/%m/%d",), "pl_PL": ("%d.%m.%Y",), "tr_TR": ("%d.%m.%Y",), "ru_RU": ("%d.%m.%Y",)}
    return born.strftime(d.choice(ways.get(locale, ("%d/%m/%Y", "%Y-%m-%d"))))


def free(kind, d, people, locale):
    if kind == "person_name":
        return people.name(locale)
    return people.address(locale) if kind == "street_address" else birthday(d, locale)


FIELDS = ('"@": "{}",', '{"@":"{}","n":3}', "@: {}", "@={}", "<td>@</td><td>{}</td>", "| @ | {} |", "@,status\n{},open", "id;@\n17;{}",
    "INSERT INTO people (@) VALUES ('{}');", "<@>{}</@>", "?@={}&page=1", '\\"@\\": \\"{}\\"')
BARE = ('"{}"', "<td>{}</td>", "id,{},open", "| {} |", "({})", "- {}", "{}", "[{}]", "请核对{}，谢谢", "“{}”", "{}.", "to: {};", "{}\\n")


def put(kind, d, doc, people):
    """Writes one piece of personal data; returns the locale of the text around it, if it matters."""
    if kind in FREE:
        locale = d.choice(list(FREE[kind]))
        value = free(kind, d, people, locale)
        if d.chance(0.7):
            template = d.choice(FREE[kind][locale])
        else:
            template = d.choice([text for text in FIELDS if not text.startswith("?")]).replace("@", d.choice(KEYS[kind]))
        doc.fill(template.replace("{}", VALUE), lambda doc: doc.value(kind, value))
        return locale
    _, make, words, keys, alone = IDS[kind]
    value, locale = make(d), d.choice(list(words))
    if alone and d.chance(0.3):
        template = d.choice(BARE)
    elif d.chance(0.5):
        template = d.choice(FIELDS).replace("@", d.choice(keys))
        if template.startswith("?") and (" " in value or "+" in value):
            template = '"{}"'.replace("{}", keys[0] + '": "{}')
    else:
        template = d.choice(SAYS[locale]).replace("@", d.choice(words[locale]))
    doc.fill(template.replace("{}", VALUE), lambda doc: doc.value(kind, value))
    return locale


def rows(d, doc, people):
    """A table of made-up persons, several kinds of data in each row."""
    locale = d.choice(("en_US", "de_DE", "fr_FR", "es_ES", "it_IT", "zh_CN", "pt_BR", "nl_NL"))
    columns = d.sample(("person_name", "email", "phone", "street_address", "credit_card", "iban", "date_of_birth", "ipv4"), d.randint(3, 5))
    style = d.choice(("csv", "json", "html"))
    names = [KEYS[kind][0] if kind in KEYS else IDS[kind][3][0] for kind in columns]
    doc.add({"csv": ",".join(["id", *names]), "json": "", "html": "<tr>" + "".join(f"<th>{name}</th>" for name in ["id", *names]) + "</tr>"}[style])
    for number in range(d.randint(2, 5)):
        doc.add({"csv": f"\n{number}", "json": f'\n{{"id": {number}', "html": f"\n<tr><td>{number}</td>"}[style])
        for kind, name in zip(columns, names, strict=True):
            value = free(kind, d, people, locale) if kind in FREE else IDS[kind][1](d)
            before, after = {"csv": (',"', '"'), "json": (f', "{name}": "', '"'), "html": ("<td>", "</td>")}[style]
            doc.add(before)
            doc.value(kind, value)
            doc.add(after)
        doc.add({"csv": "", "json": "}", "html": "</tr>"}[style])


def plan(scale=1):
    for kind, often in HOW_OFTEN.items():
        yield kind, round(often * scale)
    for kind, row in IDS.items():
        yield kind, round(row[0] * scale)
