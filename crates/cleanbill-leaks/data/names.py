"""Writes `names.txt`: common names of ten locales, out of the lists of the Faker library (MIT licence), which took them from
censuses and registers of births. A list of common names is a list of facts; words and places among them are left out.

    python -m venv target/stdnum-venv && target/stdnum-venv/bin/pip install faker python-stdnum
    target/stdnum-venv/bin/python crates/cleanbill-leaks/data/names.py > crates/cleanbill-leaks/data/names.txt
"""

import importlib

LATIN = ["en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL", "pl_PL", "pt_BR", "tr_TR"]
# Most of one locale; lists with counts begin with the most common.
GIVEN, FAMILY = 1500, 2800
# Places, months, titles and words that stand before or behind a capitalised word.
NOT_GIVEN = """April May June August Virginia Georgia Carolina Dakota Paris London Austin Dallas Houston Jordan Chelsea Sydney Lincoln
Washington Savannah Brooklyn Israel Asia India China America Chase Grant Page Price Sterling Hunter Mason Will Bill Art Rich Max Ray
Guy Dean Duke Earl King Prince Royal Major Judge Christian Angel Faith Hope Grace Joy Dawn Summer Autumn Star Crystal Ruby Amber Ivy
Rose Lily Daisy Holly Pearl Misty Sunny Sky Melody Harmony Mercedes Porsche Diamond Destiny Trinity Heaven Precious Santa San Los Las
Van Von De La Le Den Ten Da Do Dos El Al Sa Ali Can Deniz In On An At Mark Drew Pat Rob Chance Don Dale Glen Cliff Forest Brook
Justice Noble Gold Silver Merit Sage Reed Ash Clay Stone Storm Wolf Bear Fox Ace""".split()
NOT_FAMILY = """Doe Park Street Day Church Case House Beach Lake River Rivers Power Powers North South East West English French German Spanish
Best Good Love Paris London England Ireland France Holland Boston Houston Austin Dallas Washington Lincoln Jordan Israel Santa San May
June April March Sunday Monday Friday Summer Winter Spring Table Gates Bridges Banks Field Fields Woods Forest Stone Rock Waters Wells
Van De La Le Da Do Dos El Al In On An At And The Of To Is It Or So Me We Us My By If As Be No Can Ten Den Der Die Das Les Des Du Data
Page Pages Price Prices Cash Bill Book Books Code Key Keys Fall Falls Center College School University Model Models Test Tests Learning
Google Ford Data Major Minor Speed Light Lights Bright Strong Little Large Long Short High Low Great Grand Royal Noble Golden White
Black Green Brown Gray Grey Blue Red Rose Rice Root Roots Branch Tree Trees Leaf Post Posts Press News Bond Bonds Stock Stocks Force""".split()


LAST = ["last_names", "last_names_female", "last_names_male", "male_last_names", "female_last_names", "unisex_last_names"]
# Given names that the lists hold only within longer ones, family names of two letters, and letters of given names.
MORE_GIVEN = "María José Jesús Ángel Mónica Beatriz João Antônio Łukasz Małgorzata".split()
MORE_CHINESE = "欧阳 司马 上官 诸葛 皇甫 尉迟 公孙 慕容 令狐 司徒 夏侯 端木".split()
MORE_LETTERS = "伟芳娜敏静丽强磊军洋勇艳杰涛明超兰霞刚平桂英华玉萍红娥玲芬燕彩凤洁梅琳素云莲真环雪荣爱妹香月莺媛瑞凡佳嘉琼勤珍贞莉叶璧璐娅琦晶妍茜秋珊莎锦黛青倩婷姣婉娴瑾颖露瑶怡婵雁蓓纨仪荷丹蓉眉君琴蕊薇菁梦岚苑婕馨瑗琰韵融园艺咏卿聪澜纯毓悦昭冰爽琬茗羽希欣飘育滢馥筠柔竹霭凝晓欢霄枫芸菲寒伊亚宜可姬舒影荔枝思宇轩浩然子涵梓豪俊熙泽睿博文昊天雨哲鹏飞翔志建国庆东海峰波辉宏斌彬旭晨阳鑫龙成林松柏栋梁坤乾健康福安宁永昌盛达信义礼智仁忠厚德厚生富贵财源".replace("生", "")


def names(locale, kinds):
    provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
    found = []
    for kind in kinds:
        source = getattr(provider, kind, None) or ()
        items = sorted(source.items(), key=lambda item: -item[1]) if isinstance(source, dict) else [(name, 0) for name in source]
        found.append([name for name, _ in items])
    return found


def merge(lists, most):
    out, at = [], 0
    while any(at < len(one) for one in lists) and len(out) < most:
        for one in lists:
            if at < len(one) and one[at] not in out:
                out.append(one[at])
        at += 1
    return out[:most]


def usable(name, refused):
    return 3 <= len(name) and len(name.encode()) <= 20 and name.isalpha() and name[0].isupper() and name[1:].islower() and name not in refused


def show(section, words):
    print("= " + section)
    line = ""
    for word in words:
        if len(line) + len(word) > 120:
            print(line)
            line = ""
        line = (line + " " + word).strip()
    print(line)


def main():
    given, family = set(), set()
    for locale in LATIN:
        lists = names(locale, ["first_names_female", "first_names_male"])
        if not any(lists):
            lists = names(locale, ["first_names"])
        given.update(name for name in merge(lists, GIVEN) if usable(name, NOT_GIVEN))
        family.update(name for name in merge(names(locale, LAST), FAMILY) if usable(name, NOT_FAMILY))
    given.update(MORE_GIVEN)
    print("# Common names of ten locales: " + ", ".join(LATIN) + "; and of zh_CN. Written by names.py, which says from where.")
    show("given", sorted(given))
    show("family", sorted(family))
    chinese = names("zh_CN", ["last_names", "first_names"])
    # Letters of given names; those that more often end a sentence or a title are left out.
    letters = {letter for name in chinese[1] for letter in name} | set(MORE_LETTERS) | set("小大国新春") - set("的了是在和与不为人生者师长员")
    show("chinese family", sorted(set(chinese[0]) | set(MORE_CHINESE)))
    show("chinese given", ["".join(sorted(letters))[at:at + 40] for at in range(0, len(letters), 40)])


main()
