//! The words of every refusal, in the languages of the product.

use cleanbill_core::{Text, text};

use crate::{
    limits,
    refusal::{Document, NameProblem, Refusal, bundle_mebibytes},
    timestamp::TimestampProblem,
};

pub(crate) fn refusal(refusal: &Refusal) -> Text {
    match refusal {
        Refusal::Claim(claim) => claim.text(),
        Refusal::Timestamp(problem) => problem.text(),
        Refusal::BundleUnreadable { problem } => text!(
            "the bundle cannot be read: {problem}",
            "无法读取签名包：{problem}"
        ),
        Refusal::BundleTooLarge => {
            let limit = bundle_mebibytes();
            text!("the bundle is larger than {limit} MiB", "签名包大于 {limit} MiB")
        }
        Refusal::JsonSyntax {
            document,
            line,
            column,
            problem,
        } => {
            let (en, zh) = document_words(*document);
            text!(
                "{en} is not JSON: line {line}, column {column}: {problem}",
                "{zh}不是 JSON：第 {line} 行第 {column} 列：{problem}"
            )
        }
        Refusal::JsonDuplicateKey { document, place } => {
            let (en, zh) = document_words(*document);
            text!("{en} has `{place}` twice", "{zh}中 `{place}` 出现两次")
        }
        Refusal::JsonUnknownField { document, place } => {
            let (en, zh) = document_words(*document);
            text!(
                "{en} has `{place}`, which the format does not know",
                "{zh}含有格式未定义的 `{place}`"
            )
        }
        Refusal::JsonField {
            document,
            place,
            expected,
        } => {
            let (en, zh) = document_words(*document);
            text!(
                "{en}: `{place}` must be {expected}",
                "{zh}：`{place}` 必须是 `{expected}`"
            )
        }
        Refusal::Base64 { place } => text!("`{place}` is not base64", "`{place}` 不是 base64"),
        Refusal::MediaType { found } => text!(
            "the bundle is of another media type, `{found}`",
            "签名包的媒体类型不符：`{found}`"
        ),
        Refusal::MethodMismatch { asked, found } => {
            let (asked, found) = (asked.as_str(), found.as_str());
            text!(
                "the model was signed by the method `{found}`, not `{asked}`",
                "该模型以 `{found}` 方法签名，而不是 `{asked}`"
            )
        }
        Refusal::SignatureCount { count } => text!(
            "the envelope has {count} signatures instead of one",
            "信封有 {count} 个签名，应恰有一个"
        ),
        Refusal::PayloadType { found } => text!(
            "the envelope holds `{found}`, not an in-toto statement",
            "信封内容为 `{found}`，不是 in-toto 声明"
        ),
        Refusal::SignatureEncoding => text!("the signature is not encoded as DER", "签名不是 DER 编码"),
        Refusal::SignatureInvalid => text!(
            "the signature was not made by this key over this statement",
            "签名并非由该密钥对该声明作出"
        ),
        Refusal::KeyMismatch { given, named } => text!(
            "the bundle names another key: `{named}`, not `{given}`",
            "签名包指明的是另一把密钥：`{named}`，而不是 `{given}`"
        ),
        other => signer(other),
    }
}

fn signer(refusal: &Refusal) -> Text {
    match refusal {
        Refusal::CertificateMissing => text!("the bundle has no certificate", "签名包中没有证书"),
        Refusal::CertificateSyntax { position } => text!(
            "certificate {position} of the bundle cannot be parsed",
            "签名包中第 {position} 个证书无法解析"
        ),
        Refusal::CertificateKey { subject } => text!(
            "the key of `{subject}` is none that models are signed with (P-256, P-384, P-521)",
            "`{subject}` 的密钥不可用于模型签名（仅限 P-256、P-384、P-521）"
        ),
        Refusal::ChainTooLong => {
            let limit = limits::CHAIN_CERTIFICATES;
            text!(
                "the bundle has more than {limit} certificates",
                "签名包中的证书超过 {limit} 个"
            )
        }
        Refusal::ChainUntrusted { subject, issuer } => text!(
            "no trusted root leads to `{subject}`: nothing trusted is called `{issuer}`",
            "没有受信根证书通向 `{subject}`：受信证书中没有 `{issuer}`"
        ),
        Refusal::ChainSignature { subject, issuer } => text!(
            "the certificate of `{subject}` was not signed by `{issuer}`",
            "`{subject}` 的证书并非由 `{issuer}` 签发"
        ),
        Refusal::ChainAlgorithm { subject, algorithm } => text!(
            "the certificate of `{subject}` is signed in a way that is not accepted: {algorithm}",
            "`{subject}` 的证书签名方式不被接受：{algorithm}"
        ),
        Refusal::ChainWork => text!(
            "too many certificates look like issuers of one another",
            "相互疑似签发的证书过多"
        ),
        Refusal::CertificateNotYetValid { subject, at, from } => text!(
            "the certificate of `{subject}` is valid from {from}, not yet at {at}",
            "`{subject}` 的证书自 {from} 起有效，在 {at} 尚未生效"
        ),
        Refusal::CertificateExpired { subject, at, until } => text!(
            "the certificate of `{subject}` was valid until {until}, no longer at {at}",
            "`{subject}` 的证书有效至 {until}，在 {at} 已过期"
        ),
        Refusal::LeafUsage { subject } => text!(
            "the certificate of `{subject}` is not for signing",
            "`{subject}` 的证书不可用于签名"
        ),
        Refusal::IssuerUsage { subject } => text!(
            "the certificate of `{subject}` may not issue certificates for signing",
            "`{subject}` 的证书无权签发用于签名的证书"
        ),
        Refusal::PathLength { subject } => text!(
            "the certificate of `{subject}` allows no chain of this length",
            "`{subject}` 的证书不允许这样长的证书链"
        ),
        Refusal::CriticalExtension { subject, extension } => text!(
            "the certificate of `{subject}` has the extension {extension}, which cannot be judged here",
            "`{subject}` 的证书含有此处无法判断的扩展 {extension}"
        ),
        Refusal::SigstoreNotBuilt => text!(
            "this build cannot verify bundles of Sigstore",
            "该版本程序不能验证 Sigstore 签名包"
        ),
        Refusal::SigstoreRoot { problem } => text!(
            "the trusted root cannot be used: {problem}",
            "信任根无法使用：{problem}"
        ),
        Refusal::SigstoreIdentity { expected, found } => text!(
            "signed by `{found}`, not by `{expected}`",
            "签名者是 `{found}`，而不是 `{expected}`"
        ),
        Refusal::SigstoreProvider { expected, found } => text!(
            "the identity was confirmed by `{found}`, not by `{expected}`",
            "身份由 `{found}` 确认，而不是 `{expected}`"
        ),
        Refusal::SigstoreCertificate { problem } => text!(
            "the certificate does not hold: {problem}",
            "证书不成立：{problem}"
        ),
        Refusal::SigstoreLog { problem } => text!(
            "the proof of the public log does not hold: {problem}",
            "公开日志的证明不成立：{problem}"
        ),
        Refusal::SigstoreTimestamp { problem } => text!(
            "no time of signing is proven: {problem}",
            "签名时间未得到证明：{problem}"
        ),
        Refusal::SigstoreBundle { problem } => text!(
            "the bundle is not one of Sigstore: {problem}",
            "不是有效的 Sigstore 签名包：{problem}"
        ),
        other => revocation(other),
    }
}

fn revocation(refusal: &Refusal) -> Text {
    match refusal {
        Refusal::CertificateRevoked { subject, at, reason } => {
            let reason = reason.as_str();
            text!(
                "the certificate of `{subject}` is revoked as of {at} ({reason})",
                "`{subject}` 的证书自 {at} 起被吊销（{reason}）"
            )
        }
        Refusal::RevocationListMissing { subject, issuer } => text!(
            "no revocation list of `{issuer}` is given that could speak of `{subject}`",
            "未提供 `{issuer}` 的吊销列表，无法得知 `{subject}` 的状态"
        ),
        Refusal::RevocationListUsage { issuer } => text!(
            "the certificate of `{issuer}` is not for signing revocation lists",
            "`{issuer}` 的证书不可用于签署吊销列表"
        ),
        Refusal::RevocationListSignature { issuer } => text!(
            "the revocation list was not signed by `{issuer}`",
            "吊销列表并非由 `{issuer}` 签署"
        ),
        Refusal::RevocationListAlgorithm { issuer, algorithm } => text!(
            "the revocation list of `{issuer}` is signed in a way that is not accepted: {algorithm}",
            "`{issuer}` 的吊销列表签名方式不被接受：{algorithm}"
        ),
        Refusal::RevocationListDelta { issuer } => text!(
            "the revocation list of `{issuer}` holds changes alone (delta)",
            "`{issuer}` 的吊销列表只含变更（增量列表）"
        ),
        Refusal::RevocationListExtension { issuer, extension } => text!(
            "the revocation list of `{issuer}` has the extension {extension}, which cannot be judged here",
            "`{issuer}` 的吊销列表含有此处无法判断的扩展 {extension}"
        ),
        Refusal::RevocationListScope { subject, issuer } => text!(
            "the revocation list of `{issuer}` is for a part of its certificates or reasons, which leaves `{subject}` out",
            "`{issuer}` 的吊销列表只适用于部分证书或部分原因，不涵盖 `{subject}`"
        ),
        Refusal::RevocationListEndless { issuer } => text!(
            "the revocation list of `{issuer}` does not say until when it counts",
            "`{issuer}` 的吊销列表没有说明有效期限"
        ),
        Refusal::RevocationListNotYetValid { issuer, at, from } => text!(
            "the revocation list of `{issuer}` counts from {from}, not yet at {at}",
            "`{issuer}` 的吊销列表自 {from} 起有效，在 {at} 尚未生效"
        ),
        Refusal::RevocationListExpired { issuer, at, until } => text!(
            "the revocation list of `{issuer}` counted until {until}, no longer at {at}",
            "`{issuer}` 的吊销列表有效至 {until}，在 {at} 已过期"
        ),
        Refusal::RevocationListLate { subject, ended, from } => text!(
            "the certificate of `{subject}` ended at {ended}; a revocation list of {from} need not speak of it any more",
            "`{subject}` 的证书于 {ended} 到期；{from} 的吊销列表不必再包含它"
        ),
        other => statement(other),
    }
}

fn statement(refusal: &Refusal) -> Text {
    match refusal {
        Refusal::StatementType { found } => text!(
            "the statement is of type `{found}`, not in-toto v1",
            "声明类型为 `{found}`，不是 in-toto v1"
        ),
        Refusal::PredicateType { found } => text!(
            "the statement says something else than which files were signed: `{found}`",
            "声明的内容不是已签名文件列表：`{found}`"
        ),
        Refusal::SubjectCount { count } => text!(
            "the statement has {count} subjects instead of one",
            "声明有 {count} 个主体，应恰有一个"
        ),
        Refusal::RootDigest { stated, computed } => text!(
            "the statement contradicts itself: its digest is {stated}, that of its files {computed}",
            "声明自相矛盾：其摘要为 {stated}，而文件列表的摘要为 {computed}"
        ),
        Refusal::HashType { found } => text!(
            "the statement uses `{found}`, which is no known hash function",
            "声明使用未知的散列函数 `{found}`"
        ),
        Refusal::SerializationMethod { found } => text!(
            "the statement was made by the unknown method `{found}`",
            "声明使用未知的序列化方法 `{found}`"
        ),
        Refusal::ShardSize => text!(
            "the statement has shards without one whole size for them",
            "声明使用分片但没有有效的分片大小"
        ),
        Refusal::NoResources => text!("the statement names no file", "声明没有列出任何文件"),
        Refusal::TooManyResources => {
            let limit = limits::RESOURCES;
            text!(
                "the statement names more than {limit} files",
                "声明列出的文件超过 {limit} 个"
            )
        }
        Refusal::ResourceName { name, problem } => {
            let (en, zh) = name_words(*problem);
            text!(
                "the statement names `{name}`, which is no name within a model: {en}",
                "声明中的 `{name}` 不是模型内的名称：{zh}"
            )
        }
        Refusal::ResourceTwice { name } => {
            text!("the statement names `{name}` twice", "声明两次列出 `{name}`")
        }
        Refusal::ResourceAlgorithm { name, found } => text!(
            "the statement gives `{name}` another hash function than it announces: `{found}`",
            "声明中 `{name}` 的散列函数与所宣布的不同：`{found}`"
        ),
        Refusal::ResourceDigest { name } => text!(
            "the digest of `{name}` in the statement is not one in lower-case hexadecimal digits",
            "声明中 `{name}` 的摘要不是小写十六进制"
        ),
        Refusal::ShardRange { name } => text!(
            "the shards of `{name}` do not cover it exactly once",
            "`{name}` 的分片没有恰好覆盖该文件一次"
        ),
        Refusal::IgnorePath { path } => text!(
            "`{path}` cannot be left out: it is no path within a model",
            "无法忽略 `{path}`：它不是模型内的路径"
        ),
        other => files(other),
    }
}

fn files(refusal: &Refusal) -> Text {
    match refusal {
        Refusal::FileChanged { name } => text!("`{name}` has other bytes", "`{name}` 的内容已改变"),
        Refusal::FileMissing { name } => text!("`{name}` is missing", "缺少 `{name}`"),
        Refusal::FileExtra { name } => text!("`{name}` is not signed", "`{name}` 未被签名"),
        Refusal::FileSymlink { name } => text!("`{name}` is a symbolic link", "`{name}` 是符号链接"),
        Refusal::FolderSymlink { name } => text!(
            "`{name}` is a symbolic link to a folder; no signature covers what it leads to",
            "`{name}` 是指向文件夹的符号链接；签名不覆盖其内容"
        ),
        Refusal::BrokenSymlink { name } => text!(
            "`{name}` is a symbolic link that leads nowhere",
            "`{name}` 是失效的符号链接"
        ),
        Refusal::FileSpecial { name } => text!(
            "`{name}` is neither a file nor a folder",
            "`{name}` 既不是文件也不是文件夹"
        ),
        Refusal::FileName { name } => text!(
            "`{name}` has a name that is not UTF-8, which cannot be signed",
            "`{name}` 的名称不是 UTF-8，无法签名"
        ),
        Refusal::FileUnreadable { name, problem } => text!(
            "`{name}` cannot be read: {problem}",
            "无法读取 `{name}`：{problem}"
        ),
        Refusal::FileInFlux { name } => {
            text!("`{name}` changed while it was read", "`{name}` 在读取时发生变化")
        }
        Refusal::ModelEmpty => text!("there is no file to sign", "没有可签名的文件"),
        Refusal::ModelUnreadable { problem } => {
            text!("the model cannot be read: {problem}", "无法读取模型：{problem}")
        }
        Refusal::ModelTooLarge { problem } => text!(
            "the model was not read to its end: {problem}",
            "模型未能完整读取：{problem}"
        ),
        // The other functions take every other reason.
        other => Text::same(other.id()),
    }
}

pub(crate) fn hint(refusal: &Refusal) -> Option<Text> {
    Some(match refusal {
        Refusal::Claim(claim) => return claim.hint(),
        Refusal::MethodMismatch { found, .. } => {
            let found = found.as_str();
            text!(
                "`cleanbill verify {found}` verifies it",
                "请使用 `cleanbill verify {found}`"
            )
        }
        Refusal::ChainUntrusted { .. } => text!(
            "name the root with `--certificate-chain`; nothing else is trusted, and the roots of web browsers never are",
            "请用 `--certificate-chain` 指定根证书；除此之外一概不信任，网页根证书也从不信任"
        ),
        Refusal::CertificateExpired { .. } => text!(
            "`--at TIME` checks another time; only use one that something else proves",
            "`--at TIME` 以其他时间检查；仅在有其他证据证明该时间时使用"
        ),
        Refusal::RevocationListExpired { .. } => {
            text!("get the newest list of the issuer", "请获取签发者的最新列表")
        }
        Refusal::RevocationListMissing { .. } => text!(
            "name a list of each issuer up to the root with `--revocation-list`, or in `revocation-lists` of the rule",
            "请用 `--revocation-list`，或在规则的 `revocation-lists` 中，为直至根证书的每个签发者提供列表"
        ),
        Refusal::FileExtra { .. } => text!(
            "`--ignore-unsigned-files` accepts what nobody signed, `--ignore-paths` a part of it",
            "`--ignore-unsigned-files` 接受未签名文件，`--ignore-paths` 只接受其中一部分"
        ),
        Refusal::FileSymlink { .. } => text!(
            "`--allow-symlinks` reads what links lead to, as caches of hubs need it; or copy the model without links",
            "`--allow-symlinks` 读取链接指向的内容（模型缓存需要它）；也可复制不含链接的模型"
        ),
        Refusal::FolderSymlink { .. } => text!(
            "copy what it leads to into the model, or leave it out with `--ignore-paths`",
            "请把其内容复制到模型中，或用 `--ignore-paths` 忽略它"
        ),
        Refusal::Timestamp(TimestampProblem::Missing) => text!(
            "`--at TIME` checks at a time that something else proves; without either, now counts",
            "`--at TIME` 以其他证据所证明的时间检查；两者皆无时以当前时间为准"
        ),
        Refusal::SigstoreNotBuilt => text!(
            "build with `--features sigstore`",
            "请以 `--features sigstore` 构建"
        ),
        Refusal::KeyMismatch { .. } => text!(
            "verify with the key of the signer, which must reach you by another way than the model",
            "请使用签名者的公钥验证；该公钥须通过模型之外的途径取得"
        ),
        _ => return None,
    })
}

fn document_words(document: Document) -> (&'static str, &'static str) {
    match document {
        Document::Bundle => ("the bundle", "签名包"),
        Document::Statement => ("the statement", "声明"),
        Document::Predicate => ("what the claim says", "声明内容"),
        Document::TrustedRoot => ("the trusted root", "信任根"),
    }
}

fn name_words(problem: NameProblem) -> (&'static str, &'static str) {
    match problem {
        NameProblem::Empty => ("it is empty", "名称为空"),
        NameProblem::Absolute => ("it is absolute", "是绝对路径"),
        NameProblem::Parent => ("it leads out of its folder", "指向上级文件夹"),
        NameProblem::NotNormal => ("it has a part that says nothing", "含有无意义的部分"),
        NameProblem::Nul => ("it holds a NUL", "含有 NUL"),
        NameProblem::Long => ("it is too long", "过长"),
    }
}
