"""The texts in which values stand: code, configuration, logs, tables, pages, talk and prose. None holds anything to be found.

`around` puts a snippet between lines of one kind; `record` makes a whole text of one kind without values.
"""

from base import HEX, LOWER, WORD

PROSE = {
    "en_US": ("The library closes at six on weekdays and stays shut on public holidays.",
        "We moved the meeting to the second floor because the heating failed again.",
              "A good stock needs bones, patience and very little salt.", "The harvest was late this year, and the cellar is only half full.",
              "Trains to the coast run every forty minutes until dusk.",
              "Nobody could say why the lights in the old mill were still on.", "The committee will publish its findings in the spring.",
              "Turn left at the bakery and follow the river until the bridge."),
    "de_DE": ("Die Bäckerei öffnet um sechs und ist sonntags geschlossen.", "Wegen der Bauarbeiten fährt die Straßenbahn heute nur bis zum Rathaus.",
        "Der Vertrag läuft über zwei Jahre und verlängert sich danach monatlich.",
              "Im Keller stehen noch zwölf Kisten aus dem letzten Umzug.", "Das Wetter bleibt wechselhaft, am Abend sind Schauer möglich.",
              "Bitte bringen Sie die Unterlagen zum nächsten Termin mit."),
    "fr_FR": ("Le marché se tient chaque mardi sur la place de l'église.", "La livraison a pris du retard à cause de la neige.",
        "Il faut laisser reposer la pâte pendant au moins deux heures.",
              "Les travaux du pont dureront jusqu'à la fin de l'automne.", "Nous vous remercions de votre patience et restons à votre écoute.",
              "La salle peut accueillir une centaine de personnes."),
    "es_ES": ("El mercado abre a las ocho y cierra a mediodía.", "La reunión se aplazó hasta la próxima semana por falta de quórum.",
        "Añada el aceite poco a poco sin dejar de remover.",
              "El tren con destino a la costa saldrá de la vía cuatro.", "Quedan pocas entradas para la función del sábado.",
              "El informe se presentará en otoño."),
    "it_IT": ("Il museo resta chiuso il lunedì e nei giorni festivi.", "La consegna è prevista entro la fine del mese.",
        "Lasciate riposare l'impasto in un luogo caldo.", "La strada per il lago è aperta solo d'estate.",
              "Il treno delle sette porta di solito qualche minuto di ritardo.", "Abbiamo trovato la chiave sotto lo zerbino."),
    "nl_NL": ("De winkel is op maandag gesloten en op zaterdag tot vijf uur open.", "Door de storm rijden er vandaag minder treinen.",
        "Het rapport verschijnt in het najaar.", "Neem bij de brug de tweede straat links.",
              "De vergadering is verplaatst naar volgende week."),
    "pl_PL": ("Sklep jest czynny od ósmej do osiemnastej.", "Z powodu remontu tramwaje kursują objazdem.", "Raport zostanie opublikowany jesienią.",
        "Ciasto należy odstawić na dwie godziny.", "Pociąg nad morze odjeżdża z peronu czwartego."),
    "pt_BR": ("A biblioteca fecha às seis nos dias de semana.", "A reunião foi adiada para a próxima semana.",
        "Deixe a massa descansar por duas horas.", "O ônibus para a praia sai a cada quarenta minutos.", "O relatório será publicado na primavera."),
    "tr_TR": ("Kütüphane hafta içi altıda kapanıyor.", "Toplantı gelecek haftaya ertelendi.", "Hamuru iki saat dinlendirin.",
        "Rapor sonbaharda yayımlanacak.", "Sahile giden tren dördüncü perondan kalkıyor."),
    "zh_CN": ("本季度仓库盘点将于周五下午进行，请各部门提前准备。", "由于设备检修，三号线今晚提前收车。", "会议改到二楼举行，请大家相互转告。", "面团需要静置两个小时，水温不宜过高。", "报告预计在秋季发布，届时欢迎查阅。", "合同期限为两年，到期后按月续签。",
              "客户反馈包装破损，已安排补发。"),
    "zh_TW": ("圖書館平日晚間六點關門，國定假日休館。", "會議延到下週舉行，請互相轉告。", "往海邊的列車每四十分鐘一班。", "報告預計於秋天公布。"),
    "ja_JP": ("図書館は平日六時に閉まり、祝日は休館です。", "会議は来週に延期されました。", "生地を二時間ほど寝かせてください。", "海へ向かう電車は四十分ごとに出ています。", "報告書は秋に公表される予定です。"),
    "ko_KR": ("도서관은 평일 여섯 시에 문을 닫습니다.", "회의가 다음 주로 연기되었습니다.", "반죽을 두 시간 동안 숙성시키세요.", "바다로 가는 기차는 사십 분마다 출발합니다.", "보고서는 가을에 공개될 예정입니다."),
    "hi_IN": ("पुस्तकालय सप्ताह के दिनों में छह बजे बंद हो जाता है।", "बैठक अगले सप्ताह तक स्थगित कर दी गई है।", "आटे को दो घंटे के लिए रख दें।",
        "रिपोर्ट शरद ऋतु में प्रकाशित होगी।"),
    "ru_RU": ("Библиотека закрывается в шесть часов вечера.", "Совещание перенесли на следующую неделю.", "Отчёт будет опубликован осенью.",
        "Поезд к морю отправляется каждые сорок минут."),
    "ar_SA": ("تغلق المكتبة في السادسة مساء أيام الأسبوع.", "تم تأجيل الاجتماع إلى الأسبوع المقبل.", "سيصدر التقرير في الخريف."),
    "fa_IR": ("کتابخانه ساعت شش عصر بسته می‌شود.", "نشست به هفته آینده موکول شد.",
        "گزارش در پاییز منتشر می‌شود و خواننده‌ها می‌توانند آن را ببینند."),
}
PROSE["en_GB"] = PROSE["en_US"]
NOUNS = ("order", "basket", "frame", "token_count", "report", "layer", "window", "buffer", "cursor", "batch", "shard", "sample", "offset", "margin",
    "ticket", "region", "signal", "vector", "packet", "branch")
VERBS = ("load", "merge", "split", "count", "trim", "write", "check", "scale", "sort", "drop", "fetch", "apply", "reset", "yield", "group")


def name(d):
    return f"{d.choice(VERBS)}_{d.choice(NOUNS)}"


# Further sentences by locale, of random words; `corpus.py` lets Faker make them.
MORE = {}


def prose(d, locale):
    more = MORE.get(locale)
    return d.choice(more) if more and d.chance(0.6) else d.choice(PROSE[locale])


def python(d):
    a, b = name(d), d.choice(NOUNS)
    return d.choice((f"def {a}({b}, limit={d.randint(1, 512)}):\n    return [{b}[at] for at in range(limit) if at % {d.randint(2, 9)}]",
        f"for {b} in {a}(rows):\n    total += {b}.size * {d.random():.3f}",
                     f"import {d.choice(('json', 'pathlib', 're', 'logging', 'numpy as np'))}",
                     f"if len({b}) > {d.randint(2, 90)}:\n    raise ValueError(f\"{b} too long: {{len({b})}}\")", f"{b} = {a}(path, mode='rb')",
                     f"logger.info('%s: %d rows', {b}, count)",
                     f"class {d.choice(NOUNS).title().replace('_', '')}:\n    size: int = {d.randint(1, 64)}",
                     f"with open(path) as stream:\n    {b} = stream.read({d.randint(64, 4096)})"))


def javascript(d):
    a, b = name(d), d.choice(NOUNS)
    return d.choice((f"const {b} = await {a}(items);", f"export function {a}({b}) {{ return {b}.map((x) => x * {d.randint(2, 9)}); }}",
        f"if (!{b}) {{ throw new Error('no {b}'); }}", f"import {{ {a} }} from './{b}.js';",
                     f"setTimeout(() => {a}({b}), {d.randint(100, 5000)});", f"let {b} = new Map();"))


def golang(d):
    a, b = name(d), d.choice(NOUNS)
    return d.choice((f"func {a}({b} []byte) (int, error) {{", f"\tif err != nil {{\n\t\treturn 0, fmt.Errorf(\"{b}: %w\", err)\n\t}}",
        f"\t{b} := make([]int, 0, {d.randint(4, 64)})", f"import \"{d.choice(('fmt', 'os', 'bytes'))}\"", "}"))


def sql(d):
    a, b = d.choice(NOUNS), d.choice(NOUNS)
    return d.choice((f"SELECT {a}, COUNT(*) FROM {b}s GROUP BY {a};", f"CREATE INDEX idx_{a} ON {b}s ({a});",
        f"UPDATE {b}s SET {a} = {d.randint(1, 90)} WHERE {a} IS NULL;", f"-- {prose(d, 'en_US')}"))


def settings(d):
    return d.choice((f"{d.choice(NOUNS)}_limit = {d.randint(1, 900)}", f"{d.choice(NOUNS)}.enabled = {d.choice(('true', 'false'))}",
        f"log_level = {d.choice(('info', 'debug', 'warn'))}", f"# {prose(d, 'en_US')}",
                     f"workers = {d.randint(1, 32)}", f"timeout_seconds = {d.randint(1, 300)}",
                     f"region = {d.choice(('eu-central', 'us-east', 'cn-north'))}"))


def environment(d):
    return d.choice((f"{d.choice(NOUNS).upper()}_LIMIT={d.randint(1, 900)}", "LOG_LEVEL=info", f"WORKERS={d.randint(1, 32)}", "TZ=UTC",
        f"CACHE_DIR=/var/cache/{d.choice(NOUNS)}", "NODE_ENV=production"))


def yaml(d):
    return d.choice((f"{d.choice(NOUNS)}:\n  size: {d.randint(1, 90)}", f"replicas: {d.randint(1, 9)}",
        f"image: registry.example.invalid/{d.choice(NOUNS)}:{d.randint(1, 4)}.{d.randint(0, 20)}.{d.randint(0, 9)}",
                     f"- {d.choice(NOUNS)}", "restart: always", f"# {prose(d, 'en_US')}"))


def stamp(d):
    return f"2026-{d.randint(1, 11):02d}-{d.randint(1, 28):02d}T{d.randint(0, 23):02d}:{d.randint(0, 59):02d}:{d.randint(0, 59):02d}.{d.randint(0, 999):03d}Z"


def log(d):
    return f"{stamp(d)} {d.choice(('INFO', 'WARN', 'DEBUG', 'ERROR'))} [{d.choice(NOUNS)}-{d.randint(1, 16)}] " + d.choice(
        (f"{name(d)} took {d.randint(1, 900)} ms", f"{d.choice(NOUNS)} queue at {d.randint(0, 100)} percent", f"retry {d.randint(1, 5)} of 5",
            f"GET /{d.choice(NOUNS)}s/{d.randint(1, 9999)} {d.choice((200, 201, 304, 404))}",
         "connection closed by peer", f"wrote {d.randint(1, 999)} rows to {d.choice(NOUNS)}.parquet"))


def row(d):
    return f"{d.randint(1, 9999)},{d.choice(NOUNS)},{d.random() * 100:.2f},{d.choice(('open', 'closed', 'held'))},{d.randint(1, 28)}"


def html(d):
    return d.choice((f"<p>{prose(d, d.choice(('en_US', 'de_DE', 'fr_FR')))}</p>",
        f"<li class=\"{d.choice(NOUNS)}\">{d.choice(NOUNS)} {d.randint(1, 99)}</li>",
        f"<a href=\"/{d.choice(NOUNS)}/{d.randint(1, 99)}\">{d.choice(NOUNS)}</a>",
                     "<tr><td>total</td><td>" + str(d.randint(1, 999)) + "</td></tr>", "<hr>",
                     f"<div id=\"{d.choice(NOUNS)}\">{prose(d, 'es_ES')}</div>"))


def chat(d):
    if d.chance(0.3):
        return d.choice(("客户", "客服")) + "：" + prose(d, "zh_CN")
    return d.choice(("user", "agent", "support", "customer")) + ": " + prose(d, d.choice(("en_US", "en_US", "es_ES", "pt_BR", "tr_TR")))


def table(d):
    return f"| {d.choice(NOUNS)} | {d.randint(1, 9999)} | {d.choice(('yes', 'no', '-'))} |"


def chinese(d):
    return prose(d, "zh_CN")


def json_line(d):
    return f'{{"{d.choice(NOUNS)}": {d.randint(1, 9999)}, "kind": "{d.choice(NOUNS)}", "ok": {d.choice(("true", "false"))}}}'


def any_prose(d):
    return prose(d, d.choice(list(PROSE)))


KINDS = {"python": python, "javascript": javascript, "go": golang, "sql": sql, "settings": settings, "environment": environment, "yaml": yaml,
    "log": log, "csv": row, "html": html, "chat": chat, "table": table,
         "chinese": chinese, "json": json_line, "prose": any_prose}


def lines(d, kind, count, locale=None):
    return [prose(d, locale) if locale else KINDS[kind](d) for _ in range(count)]


def around(d, doc, put, kind=None, locale=None):
    """Lines of one kind, among them what `put` adds. Prose stands in one paragraph, the rest line by line."""
    kind = kind or d.choice(list(KINDS))
    if kind == "prose" and not locale:
        locale = d.choice(list(PROSE))
    gap = d.choice((" ", "\n")) if kind == "prose" else "\n"
    if locale in ("zh_CN", "zh_TW", "ja_JP") and gap == " ":
        gap = ""
    before, after = lines(d, kind, d.randint(0, 6), locale), lines(d, kind, d.randint(0, 5), locale)
    if before:
        doc.add(gap.join(before) + gap)
    put(doc)
    if after:
        doc.add((gap or "\n") + gap.join(after))


def record(d):
    """A text of one kind in which nothing is to be found."""
    kind = d.choice(list(KINDS))
    locale = d.choice(list(PROSE)) if kind == "prose" else None
    gap = " " if kind == "prose" else "\n"
    return gap.join(lines(d, kind, d.randint(3, 25), locale))


def minified(d, count=40):
    """JavaScript as bundlers write it."""
    short = lambda: d.choice(LOWER) + d.choice(("", d.choice(WORD)))
    return "!function(e,t){" + "".join(d.choice((f"var {short()}={short()}({d.randint(0, 9999)});",
        f"{short()}.{short()}=function({short()}){{return {short()}[{d.randint(0, 99)}]}};", f"if({short()}&&!{short()})return \"{d.text(HEX, 6)}\";",
                                                      f"{short()}?{short()}():{short()}.push({{a:{d.randint(0, 9)},b:\"{short()}\"}});"))
                                                          for _ in range(count)) + "}(window,document);"
