# Səhifələrdə deyilənlər.
home-title = Region bu gün
home-head-1 = Bir karbon bazarı.
home-head-2 = On ölkə, hər biri öz sürəti ilə
home-lead = Kimin nə qədər emissiyaya haqqı var, bu haqq hansı qiymətə alınıb-satılır və bunun sübutu. Burada dərc olunan hər şeyi sistemə daxil olmadan oxumaq, yükləmək və yenidən hesablamaq olar.
home-map = Mərhələ və qiymət
home-map-label = Üzvlərin mərhələlər üzrə xəritəsi
home-map-source = Mənbə: qüvvədə olan siyasət, son əqdlər
home-table = Üzvlər: mərhələ, qiymət və limit
home-capped = { $count ->
    [one] Limiti olan 1 üzv
   *[other] Limiti olan { $count } üzv
}
home-prices = Son qiymətlər
home-tile = əvvəlki çağırışa nisbətən { $change } · { $volume } t satılıb · { $day }
home-open-market = Bazarı açın
home-chart-unit = Bir ton üçün { $currency }, çağırış hərracları
home-chart-label = Çağırış hərraclarında kvota qiymətləri
home-chart-source = Mənbə: çağırış hərracları
home-finding-twice = { $name }: qiymət digər bazarlardakından ən azı iki dəfə yüksəkdir
home-finding-dearest = { $name }: ən yüksək qiymət
home-finding-none = Çağırış hərraclarının qiymətləri
home-bar = { $verified } / { $cap } mln t
home-caps-finding = { $over ->
    [0] { $year } ilində emissiyalar heç bir limiti aşmayıb
    [one] { $year } ilində emissiyalar bir limiti aşıb
   *[other] { $year } ilində emissiyalar { $over } limiti aşıb
}
home-caps-label = Doğrulanmış emissiyalar limitlərlə müqayisədə
home-caps-source = Mənbə: bağlanmış son ilin doğrulanmış hesabatları
next-dates = Növbəti tarixlər
next-dates-source = Mənbə: qüvvədə olan siyasət, elan olunmuş hərraclar
calendar-file = Təqvim (.ics)
no-dates = Qarşıda heç bir tarix yoxdur
latest = Ən yeni qeydlər
pause = Yenilənməni dayandırın
prove-head = Sözümüzə inanmayın, özünüz yoxlayın
prove-text = Jurnalın surəti olan hər kəs bütün qeydləri yenidən oxuyub yoxlaya bilər: zənciri, yoxlama cəmlərini, invariantları və hər seriya nömrəsinin sahibini.

no-trades = Hələ əqd yoxdur
no-trades-text = Qiymətlər ilk əqdlə birlikdə görünəcək.
no-calls = Hələ çağırış hərracı keçirilməyib
no-cap = Limit yoxdur
no-cap-text = Bu üzvün öz mərhələsində limiti yoxdur.
no-years = Hələ heç bir il bağlanmayıb
no-years-text = Rəqəmlər ilk hərflər qətiləşəndə görünəcək.
no-links = Bağlantı yoxdur
no-links-text = Bu üzvlə digərləri arasında vahid keçmir.
no-indicative = Bir-birinə uyğun sifariş yoxdur

price-of = { $day } tarixində; son keçərli ili { $year } olan vahidlər üçün
verified-of = { $year } ilində, limit { $cap } mln t
obliged-of = { $count ->
    [one] { $year } ili üçün bir qurğu vahid təhvil verməlidir
   *[other] { $year } ili üçün { $count } qurğu vahid təhvil verməlidir
}
path-head = Limit və doğrulanmış emissiyalar
path-unit = Milyon ton CO₂e
path-label = İllər üzrə limit və doğrulanmış emissiyalar
path-source = Mənbə: qüvvədə olan siyasət, doğrulanmış hesabatlar
plants-map = Qurğular
plants-map-label = Qurğuların xəritəsi; nöqtənin sahəsi emissiyanı göstərir
plants-placed = Yeri göstərilən qurğular: { $placed } / { $all }; sintetik qurğuların yeri yoxdur.
plants-source = Mənbə: hər sətirdə göstərilən açıq məlumatlar
years-head = İllər üzrə
years-source = Mənbə: qüvvədə olan siyasət və qeydlər
largest = Ən böyük qurğular
all-installations = Bütün qurğular
links-head = Bağlantılar
links-source = Mənbə: qüvvədə olan siyasət, birləşdirilmiş hərraclar
basis-head = Siyasət burada nəyə əsaslanır
basis-text = Siyasət faylında əsası göstərilən açarlar. Əsası göstərilməyən hər şey fərziyyədir.
basis-source = Mənbə: qüvvədə olan siyasət

markets-head = Bazar
markets-lead = Ölkənin müəyyən ili üçün keçərli vahidlər çağırış hərraclarında, siyasətin yol verdiyi hallarda isə sessiyalarda alınıb-satılır.
markets-open = Təhvil tarixi qarşıda olan bazarlar
markets-none = Açıq bazar yoxdur
markets-none-text = Bazarlar ilin ilk vahidləri ilə açılır.
markets-products = Sübutlara əsaslanan məhsullar
calls-last = Son çağırış hərracları
calls-source = Mənbə: çağırış hərracları
days-last = Əqd olan son günlər
days-source = Mənbə: hər günün əqdləri (UTC)
market-head = Bazar: { $name }
market-lead = { $year } ili üçün təhvil verilə bilən vahidlər: həmin ilin və hələ keçərli olan əvvəlki illərin vahidləri.
market-lead-product = { $year } ilinin təsdiqlənmiş sübutları əsasında buraxılan vahidlər: qarşısı alınan hər ton üçün kredit və ya müəyyən miqdar enerji üçün sertifikat.
phase-until = bitmə vaxtı: { $at }
trades-count = { $count ->
    [one] bir əqddə
   *[other] { $count } əqddə
}
trades-last = Son əqdlər
trades-source = Mənbə: birjadakı əqdlər
prices-head = Bağlanış qiymətləri
prices-unit = Bir ton üçün { $currency }, hər günün son qiyməti
prices-unit-each = Vahid üçün { $currency }, hər günün son qiyməti
book-head = Sifariş kitabında gözləyənlər
book-empty = Gözləyən sifariş yoxdur
book-empty-text = Növbəti çağırışın və ya sessiyanın sifarişləri qiymət üzrə cəmlənmiş halda burada görünür.
book-source = Mənbə: gözləyən sifarişlər, qiymət üzrə
buy = Alış
sell = Satış

auctions-head = Kvota hərracları
auctions-lead = Hökumətlər kvotaları bütün qaliblərə eyni qiymətə satır. Nəticəni hər kəs yenidən hesablaya bilər.
auctions-coming = Elan olunmuş
auctions-none = Elan olunmuş hərrac yoxdur
auctions-none-text = Hərraclar sifariş qəbulu başlamazdan əvvəl elan olunur.
auctions-results = Nəticələr
auctions-no-results = Hələ hərrac keçirilməyib
auctions-source = Mənbə: ilkin hərraclar
auction-title = Hərrac { $number }, { $name }
auction-sold = { $sold } t satılıb, bütün qaliblər üçün eyni qiymətə: { $price } { $currency }/t.
auction-unsold = Heç nə satılmayıb: heç bir sifariş minimum qiymətə çatmayıb.
auction-cancelled = Yekunlaşmadan əvvəl geri götürülüb.
auction-coming = Elan olunub; sifariş qəbulunun sonu: { $at }.
auction-counts = { $year } ili üçün keçərli vahidlər
auction-facts = Şərtlər və nəticə
curve-head = Verilən sifarişlər
curve-price = Bir ton üçün { $currency }
curve-quantity = mln t, ən yüksək sifarişdən başlayaraq cəmlənmiş
curve-label = Cəmlənmiş sifarişlərin enən əyrisi, təklif olunan həcm və onların kəsişdiyi klirinq qiyməti
curve-none = Sifarişlər hərrac yekunlaşdıqdan sonra göstərilir
curve-none-text = O vaxta qədər heç kim başqalarının sifarişlərini görmür.
bids-head = Sifarişlər, qiymət üzrə cəmlənmiş
bids-source = Mənbə: yekunlaşmış hərracların sifarişləri, sifarişçilər göstərilmədən
recompute = Bunu yenidən hesablayın
recompute-text = Sifarişlər cədvəlindən nəticəni bazarın öz kodu çıxarır: hər sətirdə bir sifariş, qiyməti və miqdarı ilə.

coupled-head = Birləşdirilmiş hərraclar
coupled-lead = Bağlantılı bazarlar eyni anda yekunlaşır: qiymətlər və bazarlar arasındakı axınlar birlikdə tapılır, qazanc isə bölüşdürülür.
coupled-map = Üzvlər arasındakı axınlar
coupled-title = Birləşdirilmiş hərrac { $number }
coupled-at = Yekunlaşma vaxtı: { $at }.
coupled-prices = Qiymətlər
coupled-source = Mənbə: birləşdirilmiş hərraclar
flows-head = Axınlar, rentalar və yığımlar
flows-none = Hələ axın olmayıb
flows-none-text = Axınlar ilk birləşdirilmiş hərracla birlikdə görünəcək.
flows-nothing = Axın olmayıb
flows-source = Mənbə: birləşdirilmiş hərraclar
flow-told = { $from } → { $to }: { $quantity } t

registry-head = Reyestr hesabatları
registry-lead = Hesablar, qurğular, bölgü, uyğunluq və ticarət üzrə qaydalara əsasən dərc olunanlar; hər biri cədvəl və fayl şəklində.
reports-registry = Reyestr
reports-market = Bazarlar
reports-evidence = Sübutlar, sertifikatlar, kreditlər
reports-history = Tarixçə
list-source = Mənbə: qeydlər
list-empty = Uyğun gələn yoxdur
list-empty-text = Daha çox görmək üçün filtrlərdən birini götürün.
filter = Filtr
filter-text = Mətn
filter-all = Hamısı
filter-none = Filtrsiz

plant-emitted = { $year } ilində { $tonnes } t
plant-proxy = Operator bu barədə hesabat verməyib: bax “Məlumatlar haqqında”.
plant-facts = Məlum olanlar
plant-where = Harada yerləşir
plant-nowhere = Yeri məlum deyil
plant-nowhere-text = Sintetik qurğular heç bir açıq cədvəldə olmayan qurğuları əvəz edir.
map-source = Konturlar: Natural Earth
plant-years = İllər üzrə
compliance-source = Mənbə: doğrulanmış hesabatlar, təhvillər
letters-mean = A: borclu olduğu bütün vahidləri təhvil verib. B: daha az təhvil verib. C: bir il üzrə hesabat yoxdur. D, E, X: səlahiyyətli orqan təyin edib.

policy-head = Siyasət
policy-lead = Bazar bir fayldır: mərhələlər, limitlər, hərraclar, son tarixlər, cərimələr, bağlantılar. Bazar bu faylla, burada olduğu kimi modelləşdirilir, sınaqdan keçirilir və işlədilir.
policy-in-force = qüvvədədir
policy-versions = Versiyalar
policy-none = Hələ siyasət qəbul edilməyib
policies-source = Mənbə: qəbul edilmiş siyasətlər
policy-changes = Nə dəyişib
policy-file = Fayl
policy-file-text = Onun SHA-256 heşi qeydlərdədir; faylı olan hər kəs müqayisə edə bilər.
policy-missing = Fayl burada yoxdur
policy-missing-text = Qeyddə yalnız onun heşi var; göstərilməsi üçün faylı məlumat anbarının yanına yerləşdirin.

record-title = Qeyd { $record }
record-private = Bu qeyddən hazırda heç nə dərc edilmir
record-private-text = Bazar və hərrac sifarişləri, pul və səlahiyyətlər dərc edilmir; köçürmələr isə gecikmə müddəti bitdikdən sonra dərc olunur.
record-source = Mənbə: qeydlər

data-lead = Hər rəqəmin haradan gəldiyi, hansı lisenziya ilə verildiyi və nələrin düzəldildiyi.
provenance-head = Rəqəm necə yaranıb
sources-head = Mənbələr
source-key = Açar
source-publisher = Naşir və məlumat toplusu
source-year = İl
source-licence = Lisenziya
source-use = Nə üçün istifadə olunub
corrections-head = Düzəlişlər
corrections-text = Mənbələrdəki dəyərlərə edilən hər dəyişiklik, səbəbi ilə.
method-head = Nə hesablanıb

search-head = Axtarış
search-lead = Qurğular, hesablar, hərraclar, üzvlər və siyasətin sətirləri.
search-empty = Axtardığınızı yazın
search-empty-text = Adın bir hissəsi kifayətdir; hesablar və hərraclar nömrə ilə tapılır.
search-none = “{ $text }” üzrə heç nə tapılmadı

sim-head = Bəs qaydalar başqa olsaydı?
sim-lead = Parametrləri dəyişin və hər üzv üzrə qiymətləri, axınları və qazancı görün. Burada etdikləriniz bazarda heç nəyi dəyişmir.
sim-scenario = Ssenari
sim-reset = Qəbul edilmiş siyasətə qayıdın
sim-caps = Limitlər, qəbul edilmiş siyasətə nisbətən dəyişiklik
sim-cap-hint = { $year } ilində { $cap } mln t
sim-limits = Qiymət hədləri və kreditlər: { $name }
sim-floor = Minimum qiymət
sim-ceiling = Tavan qiymət
sim-price-hint = Qəbul edilmiş: { $year } ilində { $price }, sonra nəzərdə tutulan artımla
sim-none-adopted = Qəbul edilmiş: yoxdur
sim-credits = Kreditlər bu hədlər daxilində keçərlidir
sim-credit-share = Ölkədaxili kreditlər
sim-credit-hint = Hər operatorun emissiyalarına nisbətən
sim-link = Bağlantı: { $from } – { $to }
sim-way-none = Yoxdur
sim-way-one-way = Birtərəfli
sim-way-both = İkitərəfli
sim-quota = Keçid həddi
sim-quota-hint = Qəbul edilmiş: sonda { $quota }; { $year } ilindən açıqdır
sim-no-quota = hədd yoxdur
sim-ratio = Bir vahidin qarşılığı
sim-ratio-hint = Qəbul edilmiş: { $ratio }
sim-calculate = Hesablayın
sim-gain = Regionun qazancı, { $year }
sim-gain-note = bağlantısız halla müqayisədə
sim-flow = Bağlantılar üzrə axın, { $year }
sim-flow-note = göndərən ölkədən çıxan vahidlər
sim-emissions = Limitə düşən emissiyalar, { $year }
sim-emissions-note = bazarı olan üzvlər üzrə
sim-green = Yaşıl investisiya
sim-green-note = { $first }–{ $last } illərində cəlb olunan; fərziyyələrə əsaslanır
sim-this = Bu ssenari
sim-adopted = Qəbul edilmiş siyasət
sim-price-unit = Bir ton üçün { $currency }, real ifadədə
sim-price-label = İllər üzrə modelləşdirilmiş qiymətlər
sim-finding = Ən yüksək qiymət: { $name }, { $year } ilində { $price } { $currency }/t
sim-no-market = Heç kimin vahid təhvil vermək öhdəliyi yoxdur
sim-source = Mənbə: tarazlıq modeli; cavab müddəti: { $ms } ms
sim-source-short = Mənbə: tarazlıq modeli
sim-who = Bağlantılardan kim qazanır
sim-who-label = Üzvlərin bağlantılardan qazancı, bütün illər üzrə, diskontlaşdırılmış
sim-who-note = Bütün illər üzrə, birinci ilə diskontlaşdırılmış, bağlantısız bazarlarla müqayisədə.
sim-before = Nəticələrə əsaslanmazdan əvvəl
sim-refused = Siyasət kimi rədd edilərdi:
sim-warn-missing = { $name } { $year }: emissiyaların azaldılması əyrisinin bitdiyi yerdə { $quantity } mln t çatışmır. Limiti artırın, tədbirlər əlavə edin və ya tavan qiymət təyin edin.
sim-warn-fined = { $name } { $year }: { $quantity } mln t üçün vahid təhvil vermək əvəzinə cərimə ödənilir.
sim-warn-left = { $name } { $year }: { $quantity } mln t vahid artıq qalır və heç bir dəyəri yoxdur; limit emissiyalardan yüksəkdir.
sim-warn-oversold = { $name } { $year }: ildə { $quantity } mln t, milli hədəf üçün lazım olsa da, satılır.
sim-warn-hot-air = { $name } { $year }: vahidlər satılır, halbuki milli hədəf onsuz da baş verəcək emissiyalardan { $quantity } mln t yüksəkdir (“isti hava”).
sim-warn-no-table = { $name }: milli hədəf nəzərə alınmayıb, çünki ölkənin emissiyaları məlum deyil.
sim-warn-unsettled = Bazar sabitləşmir: öz nəticəsinin doğurduğu dəyişiklik hələ də { $quantity } mln t təşkil edir.
sim-warn-uncertain = Model bu rəqəmlərə əmin deyil. Onlara əsaslanmayın.
sim-proxy = Emissiyaların azaldılması xərcləri ölçülməyib, təxmini göstəricilərlə əvəz olunub.
sim-assumed = { $count ->
    [one] Bir giriş məlumatı fərziyyədir.
   *[other] { $count } giriş məlumatı fərziyyədir.
}
sim-no-oversold = Heç bir üzv öz iqlim öhdəliyi üçün lazım olanı satmır.
sim-oversold = Öz iqlim öhdəliyi üçün lazım olanı satır: { $names }.
sim-year = { $year } ili rəqəmlərlə
sim-abatement = Azaldılmış
sim-import = Xalis idxal
sim-col-gain = Bağlantılardan qazanc
sim-revenue = Hərrac gəliri
sim-windfall = Gözlənilməz gəlir
sim-next = Sonrakı addımlar
sim-share-text = Bütün ssenari ünvanın özündədir: onu açan hər kəs eyni nəticəni görür.
sim-share = Bu ssenarinin ünvanı
sim-rehearse = Bunu sınaqdan keçirin
sim-command = Eyni hesablama öz kompüterinizdə
sim-coalitions = Hansı üzvlər birlikdə qazanardı
sim-coalitions-lead = Üzvlərin hər mümkün qrupu üzrə ortaq bazar, ayrı-ayrı bazarlarla müqayisədə.
sim-no-coalitions = Bazarı olan üzvlərin sayı kifayət etmir
sim-together = Birlikdə
sim-each = Hər biri
sim-all-gain = Hamı qazanır
sim-holds = Heç kim ayrılmazdı
sim-rehearsal = Sınaq { $number }
sim-rehearsal-lead = Real qurğuların modelləşdirilmiş operatorları ilk illəri bazarın öz işlək kodu üzərində sınaqdan keçirir.
sim-back = Ssenariyə qayıdın
sim-waiting = Başqa sınağın bitməsi gözlənilir.
sim-playing = Sınaq gedir.
sim-may-leave = Bu səhifədən çıxa bilərsiniz; ünvan keçərli qalacaq.
sim-failed = Sınağı keçirmək mümkün olmadı
sim-full = Növbədə həddən çox sınaq var
sim-full-text = Sınaqlardan biri bitəndə yenidən cəhd edin.
sim-beside = Model və sınaq yan-yana
sim-simulated = Modelləşdirilmiş
sim-auction = Hərraclar
sim-call = Çağırış hərracları
sim-beside-source = Mənbə: tarazlıq modeli; eyni siyasətin sınağı
yes = bəli
no = xeyr
