"""What an entity is: status of registration, categories of certificate and counterpart."""

from creditbridge.profile.tables.row import Certainty, Scheme, table

ENTITY_STATUS = table(
    "ENTITY_STATUS",
    Scheme(
        name="REGISTRATION",
        source="registration feeds",
        certainty=Certainty.LIKELY,
        words={
            "ACTIVE": ("存续|在营|开业|在册|正常", "active"),
            "REVOKED_NOT_DEREGISTERED": (
                "吊销未注销|吊销,未注销|吊销",
                "revoked, not deregistered",
            ),
            "REVOKED_DEREGISTERED": ("吊销已注销|吊销,已注销", "revoked and deregistered"),
            "DEREGISTERED": ("注销|已注销", "deregistered"),
            "CANCELLED": ("撤销", "cancelled"),
            "MOVED_OUT": ("迁出", "moved out"),
            "SUSPENDED": ("停业|歇业", "suspended"),
        },
    ),
)

LICENCE_CATEGORY = table(
    "LICENCE_CATEGORY",
    Scheme(
        name="XK_XKLB-2019",
        source="national licence feed, 2019",
        certainty=Certainty.SURE,
        words={
            "01": ("普通", "ordinary"),
            "02": ("特许", "concession"),
            "03": ("认可", "accreditation"),
            "04": ("核准", "verification"),
            "05": ("登记", "registration"),
            "06": ("其他", "other"),
        },
    ),
)

COUNTERPART_TYPE = table(
    "COUNTERPART_TYPE",
    Scheme(
        name="XK_XDR_LB-2019",
        source="national licence feed, 2019",
        certainty=Certainty.SURE,
        words={
            "01": ("自然人", "natural person"),
            "02": ("法人", "legal person"),
            "03": ("非法人组织", "unincorporated organisation"),
            "04": ("个体工商户", "sole proprietor"),
        },
    ),
)

PERSON_ID_TYPE = table(
    "PERSON_ID_TYPE",
    Scheme(
        name="NATIONAL-2019",
        source="national licence feed, 2019; other feeds use other codes",
        certainty=Certainty.SURE,
        words={
            "01": ("身份证", "resident identity card"),
            "02": ("护照", "passport"),
            "03": ("港澳来往内地通行证", "Hong Kong and Macao residents' permit"),
            "04": ("台湾来往大陆通行证", "Taiwan residents' permit"),
            "05": ("外国人永久居留", "permanent residence of foreigners"),
        },
    ),
)

ENTERPRISE_ID_TYPE = table(
    "ENTERPRISE_ID_TYPE",
    Scheme(
        name="PBOC",
        source="PBoC second generation",
        certainty=Certainty.LIKELY,
        words={
            "01": ("工商注册号", "business registration number"),
            "02": ("机关事业单位登记号", "organ or institution registration number"),
            "03": ("社会团体登记号", "social group registration number"),
            "04": ("民办非企业登记号", "private non-enterprise unit registration number"),
            "05": ("基金会登记号", "foundation registration number"),
            "06": ("宗教证书登记号", "religious venue registration number"),
            "07": ("律师事务所执业证号", "law firm licence number"),
            "08": ("司法鉴定许可证号", "forensic institution licence number"),
            "10": ("中征码", "loan card number"),
            "11": ("机构信用代码", "institution credit code"),
            "20": ("统一社会信用代码", "unified social credit code"),
            "30": ("组织机构代码", "organisation code"),
            "41": ("纳税人识别号(国税)", "taxpayer number, state"),
            "42": ("纳税人识别号(地税)", "taxpayer number, local"),
        },
    ),
)

INDUSTRY_SECTION = table(
    "INDUSTRY_SECTION",
    Scheme(
        name="2017A1",
        source="GB/T 4754-2017, amendment 1",
        certainty=Certainty.SURE,
        words={
            "A": ("农林牧渔", "agriculture"),
            "B": ("采矿", "mining"),
            "C": ("制造", "manufacturing"),
            "D": ("电热气水", "utilities"),
            "E": ("建筑", "construction"),
            "F": ("批发零售", "trade"),
            "G": ("交通运输仓储邮政", "transport"),
            "H": ("住宿餐饮", "hotels and catering"),
            "I": ("信息传输软件", "information technology"),
            "J": ("金融", "finance"),
            "K": ("房地产", "real estate"),
            "L": ("租赁商务", "leasing and business services"),
            "M": ("科研技术", "science and technology"),
            "N": ("水利环境公共设施", "water, environment, public facilities"),
            "O": ("居民服务", "household services"),
            "P": ("教育", "education"),
            "Q": ("卫生社会工作", "health and social work"),
            "R": ("文体娱乐", "culture, sport, entertainment"),
            "S": ("公共管理", "public administration"),
            "T": ("国际组织", "international organisations"),
        },
    ),
)
