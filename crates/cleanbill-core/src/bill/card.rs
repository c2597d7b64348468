use super::Sourced;

/// Holds a measurement of a model's quality.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Metric {
    /// What is measured: `accuracy`, `f1`.
    pub kind: String,
    /// The result as written.
    pub value: String,
    /// On what: a dataset, a split, a group.
    pub slice: String,
}

/// Holds a number with its unit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity {
    /// The number in decimal digits, as written.
    pub value: String,
    /// The unit: `kWh`, `tCO2eq`.
    pub unit: String,
}

/// Says what one activity consumed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Energy {
    /// `training`, `fine-tuning`, `inference` or another activity.
    pub activity: String,
    /// Energy.
    pub energy: Option<Quantity>,
    /// Emissions.
    pub emissions: Option<Quantity>,
    /// Hardware.
    pub hardware: Option<String>,
}

/// Holds a risk with what is done about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Risk {
    /// The risk.
    pub name: String,
    /// What is done about it; empty where nobody says.
    pub mitigation: String,
}

/// Says which group of people a model may treat unfairly.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fairness {
    /// The group.
    pub group: String,
    /// What it gains.
    pub benefits: String,
    /// What it suffers.
    pub harms: String,
    /// What is done about it.
    pub mitigation: String,
}

/// Holds what is said and measured of a model. Lists are empty and values absent where nobody states them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelCard {
    /// `text-generation` and the like, by the words of the hub.
    pub task: Option<Sourced<String>>,
    /// How it learned: `supervised`, `self-supervised`, `reinforcement-learning`.
    pub approach: Option<Sourced<String>>,
    /// `llama`, `bert`.
    pub architecture_family: Option<Sourced<String>>,
    /// `LlamaForCausalLM`.
    pub architecture: Option<Sourced<String>>,
    /// Count of parameters.
    pub parameters: Option<Sourced<u64>>,
    /// Types of the weights' elements: `BF16`, `Q4_K`.
    pub element_types: Vec<Sourced<String>>,
    /// Longest context in tokens.
    pub context_length: Option<Sourced<u64>>,
    /// Size of the vocabulary.
    pub vocabulary: Option<Sourced<u64>>,
    /// Languages, as BCP 47 tags where the source has them.
    pub languages: Vec<Sourced<String>>,
    /// Kinds of input: `text`, `image`.
    pub inputs: Vec<Sourced<String>>,
    /// Kinds of output.
    pub outputs: Vec<Sourced<String>>,
    /// Words under which the hub lists it.
    pub tags: Vec<Sourced<String>>,
    /// Class or kind of the tokenizer: `BertTokenizer`, `BPE`.
    pub tokenizer: Option<Sourced<String>>,
    /// Sizes and settings of the architecture: `hidden_size`, `rope_theta`.
    pub dimensions: Vec<(String, Sourced<String>)>,
    /// Settings of the training.
    pub hyperparameters: Vec<(String, Sourced<String>)>,
    /// Results of evaluations.
    pub metrics: Vec<Sourced<Metric>>,
    /// Who it is for.
    pub users: Vec<Sourced<String>>,
    /// What it is for.
    pub use_cases: Vec<Sourced<String>>,
    /// What it must not be used for.
    pub out_of_scope: Vec<Sourced<String>>,
    /// What it cannot do.
    pub limitations: Vec<Sourced<String>>,
    /// What was given up for what.
    pub tradeoffs: Vec<Sourced<String>>,
    /// Ethical risks, bias among them.
    pub risks: Vec<Sourced<Risk>>,
    /// How it was trained.
    pub training: Option<Sourced<String>>,
    /// How the training data were prepared.
    pub preprocessing: Vec<Sourced<String>>,
    /// Energy and emissions.
    pub energy: Vec<Sourced<Energy>>,
    /// Whether sensitive personal data were used, as stated.
    pub sensitive_data: Option<Sourced<bool>>,
    /// Standards that it claims to meet.
    pub standards: Vec<Sourced<String>>,
    /// Fields that it is made for: `healthcare`.
    pub domains: Vec<Sourced<String>>,
    /// Groups that it may treat unfairly.
    pub fairness: Vec<Sourced<Fairness>>,
    /// How its results can be explained.
    pub explainability: Vec<Sourced<String>>,
    /// Thresholds at which a metric decides, by the metric.
    pub thresholds: Vec<(String, Sourced<String>)>,
    /// `low`, `medium`, `high` or `serious`, as the provider rates it.
    pub safety_risk: Option<Sourced<String>>,
    /// Whether it acts without a person, as stated.
    pub autonomous: Option<Sourced<bool>>,
    /// Rules of use, or where they stand.
    pub acceptable_use: Option<Sourced<String>>,
    /// Means and time of the training: operations, hours, accelerators.
    pub compute: Option<Sourced<String>>,
}

impl ModelCard {
    /// Takes over what `other` says of the same model and this one does not say yet: a list that is not empty stays as it is.
    pub fn complete(&mut self, other: Self) {
        fn fill<T>(mine: &mut Option<T>, theirs: Option<T>) {
            if mine.is_none() {
                *mine = theirs;
            }
        }
        fn take<T>(mine: &mut Vec<T>, theirs: Vec<T>) {
            if mine.is_empty() {
                *mine = theirs;
            }
        }
        fill(&mut self.task, other.task);
        fill(&mut self.approach, other.approach);
        fill(&mut self.architecture_family, other.architecture_family);
        fill(&mut self.architecture, other.architecture);
        fill(&mut self.parameters, other.parameters);
        fill(&mut self.context_length, other.context_length);
        fill(&mut self.vocabulary, other.vocabulary);
        fill(&mut self.training, other.training);
        fill(&mut self.sensitive_data, other.sensitive_data);
        fill(&mut self.tokenizer, other.tokenizer);
        fill(&mut self.safety_risk, other.safety_risk);
        fill(&mut self.autonomous, other.autonomous);
        fill(&mut self.acceptable_use, other.acceptable_use);
        fill(&mut self.compute, other.compute);
        take(&mut self.element_types, other.element_types);
        take(&mut self.languages, other.languages);
        take(&mut self.inputs, other.inputs);
        take(&mut self.outputs, other.outputs);
        take(&mut self.tags, other.tags);
        take(&mut self.metrics, other.metrics);
        take(&mut self.users, other.users);
        take(&mut self.use_cases, other.use_cases);
        take(&mut self.out_of_scope, other.out_of_scope);
        take(&mut self.limitations, other.limitations);
        take(&mut self.tradeoffs, other.tradeoffs);
        take(&mut self.risks, other.risks);
        take(&mut self.preprocessing, other.preprocessing);
        take(&mut self.energy, other.energy);
        take(&mut self.standards, other.standards);
        take(&mut self.domains, other.domains);
        take(&mut self.fairness, other.fairness);
        take(&mut self.explainability, other.explainability);
        for (mine, theirs) in [
            (&mut self.dimensions, other.dimensions),
            (&mut self.hyperparameters, other.hyperparameters),
            (&mut self.thresholds, other.thresholds),
        ] {
            for (name, value) in theirs {
                if !mine.iter().any(|(known, _)| *known == name) {
                    mine.push((name, value));
                }
            }
        }
    }
}

/// Holds what is said of a dataset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dataset {
    /// `text`, `image`, `audio`, `tabular`.
    pub kinds: Vec<Sourced<String>>,
    /// How it was collected.
    pub collection: Option<Sourced<String>>,
    /// How it was prepared.
    pub preprocessing: Vec<Sourced<String>>,
    /// Count of records or size, as written.
    pub size: Option<Sourced<String>>,
    /// What it was meant for.
    pub intended_use: Option<Sourced<String>>,
    /// Known bias.
    pub bias: Vec<Sourced<String>>,
    /// Kinds of sensitive data in it.
    pub sensitive: Vec<Sourced<String>>,
    /// `public`, `internal`, `confidential`.
    pub classification: Option<Sourced<String>>,
    /// Languages.
    pub languages: Vec<Sourced<String>>,
    /// Who answers for it.
    pub owners: Vec<Sourced<String>>,
    /// How people in it were made unrecognisable.
    pub anonymisation: Vec<Sourced<String>>,
    /// Noise in it.
    pub noise: Option<Sourced<String>>,
    /// How it is kept up to date.
    pub updates: Option<Sourced<String>>,
}
