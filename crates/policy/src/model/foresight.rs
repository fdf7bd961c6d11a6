//! How far those who keep units look ahead.

use super::markets::{self, Chain, Joint, LinkYear};

/// The equilibrium of those who foresee all years, or of those who look some years ahead and then
/// look again; sought near another one of like chains, where there is one.
pub fn solve(
    chains: &[Chain],
    links: &[LinkYear],
    (horizon, near): (Option<usize>, Option<&Joint>),
) -> Joint {
    let years = chains.iter().map(|it| it.years.len()).max().unwrap_or(0);
    match horizon {
        Some(horizon) if horizon < years => rolling(chains, links, (years, horizon)),
        Some(_) | None => markets::solve(chains, links, near),
    }
}

fn rolling(chains: &[Chain], links: &[LinkYear], (years, horizon): (usize, usize)) -> Joint {
    let mut all = Joint { flows: vec![0.0; links.len()], ..Joint::default() };
    for _ in chains {
        all.prices.push(Vec::new());
        all.banks.push(Vec::new());
        all.left.push(Vec::new());
        all.steps.push(Vec::new());
    }
    for first in 0..years {
        let end = (first + horizon).min(years);
        let ahead = chains.iter().zip(&all.banks).map(|(chain, kept)| {
            let mut years = chain.years.get(first..end).unwrap_or_default().to_vec();
            if let (Some(now), Some(kept)) = (years.first_mut(), kept.last()) {
                now.surplus += kept;
            }
            if let Some(last) = years.last_mut() {
                last.keeps = false;
            }
            Chain { rho: chain.rho, years }
        });
        let ahead: Vec<Chain> = ahead.collect();
        let inside: Vec<(usize, LinkYear)> = links
            .iter()
            .enumerate()
            .filter(|(_, it)| (first..end).contains(&it.year))
            .map(|(place, it)| (place, LinkYear { year: it.year - first, ..*it }))
            .collect();
        let links: Vec<LinkYear> = inside.iter().map(|it| it.1).collect();
        let found = markets::solve(&ahead, &links, None);
        all.residual = all.residual.worse(found.residual);
        for place in 0..chains.len() {
            take(&mut all.prices, &found.prices, place);
            take(&mut all.banks, &found.banks, place);
            take(&mut all.left, &found.left, place);
            take(&mut all.steps, &found.steps, place);
        }
        for ((place, link), flow) in inside.iter().zip(&found.flows) {
            if let Some(it) = all.flows.get_mut(*place).filter(|_| link.year == 0) {
                *it = *flow;
            }
        }
    }
    all
}

/// The first year of what was found is what happens.
fn take<T: Clone>(all: &mut [Vec<T>], found: &[Vec<T>], place: usize) {
    let first = found.get(place).and_then(|it| it.first());
    if let (Some(row), Some(first)) = (all.get_mut(place), first) {
        row.push(first.clone());
    }
}
