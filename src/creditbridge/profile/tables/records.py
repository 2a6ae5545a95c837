"""What adverse and trustworthy records say: penalties, lists, judgments, repair, red lists."""

from datetime import date

from creditbridge.profile.tables.row import Certainty, Scheme, table

PENALTY_KIND = table(
    "PENALTY_KIND",
    Scheme(
        name="APL-2021",
        source="Administrative Penalty Law (2021), article 9",
        certainty=Certainty.SURE,
        words={
            "WARNING": ("警告", "warning"),
            "CRITICISM": ("通报批评", "criticism by circular"),
            "FINE": ("罚款", "fine"),
            "CONFISCATE_GAINS": ("没收违法所得", "confiscation of illegal gains"),
            "CONFISCATE_PROPERTY": ("没收非法财物", "confiscation of illegal property"),
            "SUSPEND_LICENCE": ("暂扣许可证件", "licence suspended"),
            "LOWER_QUALIFICATION": ("降低资质等级", "qualification lowered"),
            "REVOKE_LICENCE": ("吊销许可证件", "licence revoked"),
            "RESTRICT_BUSINESS": ("限制开展生产经营活动", "business restricted"),
            "ORDER_SUSPEND": ("责令停产停业", "ordered to suspend business"),
            "ORDER_CLOSE": ("责令关闭", "ordered to close"),
            "RESTRICT_EMPLOYMENT": ("限制从业", "employment restricted"),
            "DETENTION": ("行政拘留", "administrative detention"),
        },
    ),
)

PROCEDURE = table(
    "PROCEDURE",
    Scheme(
        name="APL-2021",
        source="Administrative Penalty Law (2021), articles 51 and 54",
        certainty=Certainty.SURE,
        words={"01": ("简易", "simple"), "02": ("普通|一般", "ordinary")},
    ),
)

FINALITY = table(
    "FINALITY",
    Scheme(
        name="HOUSE",
        source="house rule",
        certainty=Certainty.SURE,
        words={
            "FINAL": ("已生效", "final"),
            "APPEAL_OPEN": ("救济期内", "appeal open"),
            "UNDER_REVIEW": ("复议诉讼中", "under review"),
            "REVOKED": ("已撤销", "revoked"),
            "UNKNOWN": ("不明", "unknown: not counted"),
        },
    ),
)

SEVERITY = table(
    "SEVERITY",
    Scheme(
        name="O36-2026",
        source="NDRC Order 36",
        certainty=Certainty.LIKELY,
        valid_from=date(2026, 4, 1),
        words={
            "MINOR": ("轻微", "minor: at most 3 months if published"),
            "GENERAL": ("一般", "general: 3 months to 1 year"),
            "SERIOUS": ("严重", "serious: 1 to 3 years"),
        },
    ),
)

ABNORMALITY_REASON = table(
    "ABNORMALITY_REASON",
    Scheme(
        name="ABNORMALITY",
        source="rules on business abnormality",
        certainty=Certainty.LIKELY,
        words={
            "NO_ANNUAL_REPORT": ("未按期公示年报", "no annual report in time"),
            "NO_DISCLOSURE_WITHIN_ORDER": (
                "未在责令期限内公示信息",
                "no disclosure within the order",
            ),
            "FALSE_DISCLOSURE": ("隐瞒真实情况、弄虚作假", "concealment or fraud in disclosure"),
            "UNREACHABLE": ("通过登记的住所或者经营场所无法联系", "not reachable at its address"),
        },
    ),
)

LIST_TYPE = table(
    "LIST_TYPE",
    Scheme(
        name="CN-2021",
        source="national basic catalogue, 2021",
        certainty=Certainty.SURE,
        words={
            "JUDGMENT_DEFAULTER": ("失信被执行人", "judgment defaulters"),
            "MAJOR_TAX_VIOLATION": (
                "重大税收违法失信主体|重大税收违法案件当事人",
                "major tax violations",
            ),
            "MARKET_SERIOUS": (
                "市场监管严重违法失信|严重违法失信企业名单|市场监督管理严重违法失信名单",
                "serious violations of market rules",
            ),
            "WORK_SAFETY": ("安全生产严重失信|安全生产严重失信主体", "work safety"),
            "WAGE_ARREARS": ("拖欠农民工工资|拖欠农民工工资失信联合惩戒对象", "wage arrears"),
            "GOV_PROCUREMENT": ("政府采购严重违法失信", "government procurement"),
            "TRANSPORT": ("交通运输", "transport"),
        },
    ),
    Scheme(
        name="CN-2024",
        source="national basic catalogue, 2024; contents to be confirmed",
        certainty=Certainty.LIKELY,
        words={
            "FOOD_SAFETY": ("食品安全|食品安全严重违法", "food safety"),
            "DRUG_SAFETY": ("药品安全|药品安全严重违法", "drug safety"),
            "CULTURE_TOURISM": ("文旅市场|文化和旅游市场", "culture and tourism"),
            "SOCIAL_ORG": ("社会组织", "social organisations"),
            "STATISTICS": ("统计", "statistics"),
            "SECURITIES": ("证券期货", "securities and futures"),
            "MEDICAL_INSURANCE": ("医保", "medical insurance"),
            "SOCIAL_INSURANCE": ("社保", "social insurance"),
            "CUSTOMS_SERIOUS": ("海关", "customs"),
            "FIRE_SAFETY": ("消防", "fire safety"),
            "EDU_OFFCAMPUS": ("校外培训", "off-campus training"),
            "INTERNET": ("网络信用", "internet"),
            "GEOLOGY": ("地质勘查", "geological survey"),
        },
    ),
)

PAID_STATE = table(
    "PAID_STATE",
    Scheme(
        name="HOUSE",
        source="house rule, over the words of social insurance feeds",
        certainty=Certainty.CONFIGURE,
        words={
            "PAID": ("已缴|已缴费|正常缴费", "paid"),
            "OWED": ("欠缴|欠费", "owed"),
        },
    ),
)

PERFORMANCE = table(
    "PERFORMANCE",
    Scheme(
        name="COURTS",
        source="SPC provisions, 2013",
        certainty=Certainty.SURE,
        words={
            "NONE_PERFORMED": ("全部未履行", "nothing performed"),
            "PARTLY": ("部分未履行|部分履行", "partly performed"),
            "FULLY": ("全部已履行", "fully performed"),
        },
    ),
)

TRUSTWORTHY = table(
    "TRUSTWORTHY",
    Scheme(
        name="RED_LIST",
        source="red lists",
        certainty=Certainty.LIKELY,
        words={
            "A_TAXPAYER": ("A级纳税人", "grade A taxpayer"),
            "AEO": ("海关高级认证", "authorised economic operator"),
            "CONTRACT_HONOURING": ("守合同重信用", "honours contracts"),
            "TYPICAL": ("诚信典型", "model of honesty"),
            "HIGH_TECH": ("高新技术企业", "high-tech enterprise"),
            "SCI_TECH_SME": ("科技型中小企业", "technology SME"),
        },
    ),
)

KEY_AREA = table(
    "KEY_AREA",
    Scheme(
        name="ZJ",
        source="ZJ 24 and special campaigns",
        certainty=Certainty.SURE,
        words={
            "WORK_SAFETY": ("安全生产", "work safety"),
            "FOOD_DRUG": ("食品药品", "food and drugs"),
            "ENVIRONMENT": ("生态环境", "environment"),
            "PRIVATE_EDU_HEALTH": ("民办教育、医疗卫生", "private education, health"),
            "INTERNET_FINANCE": ("互联网金融、非法集资", "internet finance, illegal fund raising"),
            "ENGINEERING": ("工程质量", "quality of works"),
            "FIRE": ("消防", "fire safety"),
            "WAGE": ("欠薪", "unpaid wages"),
            "CONTRACT": ("合同诈骗", "contract fraud"),
            "IP": ("知识产权", "intellectual property"),
            "TAX": ("逃税骗税", "tax evasion"),
        },
    ),
)

MEASURE = table(
    "MEASURE",
    Scheme(
        name="ZJ",
        source="ZJ 23 and 26",
        certainty=Certainty.SURE,
        words={
            "RESTRICT_PROCUREMENT_BIDDING": ("限制参与政府采购、招标投标", "no public procurement"),
            "MARKET_BAN": ("市场禁入", "market ban"),
            "RESTRICT_CONCESSION": ("限制取得特许经营权", "no concessions"),
            "RESTRICT_HIGH_CONSUMPTION": ("限制高消费", "no high consumption"),
            "RESTRICT_OFFICE": ("限制任职资格", "no office"),
            "RESTRICT_SUBSIDY": ("限制享受财政资金补助", "no subsidies"),
            "RESTRICT_COMMENDATION": ("限制参加评先评优", "no commendation"),
            "REVOKE_HONOUR": ("撤销荣誉称号", "honours revoked"),
            "KEY_REVIEW": ("重点审查", "reviewed with priority"),
            "CANCEL_CONVENIENCE": ("取消便利措施", "conveniences cancelled"),
            "KEY_INSPECTION": ("重点检查", "inspected with priority"),
        },
    ),
)

EVALUATION_DIMENSION = table(
    "EVALUATION_DIMENSION",
    Scheme(
        name="ZJ-2020",
        source="published editions of 2019 and 2020",
        certainty=Certainty.LIKELY,
        words={
            "BASIC": ("基本情况", "basic situation"),
            "FINANCE_TAX": ("金融财税", "finance and tax"),
            "GOVERNANCE": ("管治能力", "governance"),
            "COMPLIANCE": ("遵纪守法", "compliance"),
            "SOCIAL_RESPONSIBILITY": ("社会责任", "social responsibility"),
        },
    ),
)
